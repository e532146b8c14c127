package org.sftn.job;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.DistillSettings;
import org.sftn.conf.Settings;
import org.sftn.conf.TrainingSettings;
import org.sftn.data.Dataset;
import org.sftn.distill.DistillObjective;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;
import org.sftn.distill.method.Methods;
import org.sftn.model.SavedModel;
import org.sftn.zoo.Architecture;
import picocli.CommandLine.Command;

/**
 * Trains a student from a frozen teacher by a method (stage 2 of arXiv 2102.07650).
 *
 * <p>Input: a folder of the prepare job ({@code data.path}); the model folder of a teacher ({@code distill.teacher}), unless
 * the method needs none.
 *
 * <p>Output: {@code model/} with the student alone, {@code preliminary/} where a method has such a stage, {@code checkpoints/}, {@code metrics.csv}, {@code tensorboard/}, {@code
 * run.json}, {@code result.json}.
 *
 * <p>Example: {@code jobs/distill.sh --config conf/cifar-100/distill-resnet20-resnet8.conf --set data.path=data/cifar-100
 * --set distill.teacher=runs/teacher/model --out runs/student}
 */
@Command(description = "Train a student from a saved teacher.")
final class DistillJob implements Job {
    @Override
    public int replicas(Settings settings) {
        return settings.training().executors();
    }

    @Override
    public JobPlan plan(Session session) throws IOException {
        return check(session).plan();
    }

    static TrainingRun check(Session session) throws IOException {
        Settings settings = session.settings();
        DistillSettings distill = settings.distill();
        Optional<SavedModel> teacher = session.model("distill.teacher", distill.teacher());
        Dataset data = Inputs.normalizedFor(teacher, session.dataset());
        Architecture student = Inputs.architecture(distill.student(), data);
        Pair pair = new Pair(
                teacher.map(model -> new Pair.Teacher(Inputs.architecture(model.description()), model.values())),
                student);
        List<String> classNames = session.classNames(data, Map.of("distill.teacher", teacher));
        Recipe recipe = Methods.recipe(settings, pair);
        DistillObjective objective = DistillObjective.of(pair, recipe, settings.training(), settings.seed());
        Optional<TrainingRun.Preliminary> preliminary = DistillObjective.first(
                        pair, recipe, settings.training(), settings.seed())
                .map(first -> new TrainingRun.Preliminary(
                        first.objective(), first.schedule().applied(settings.training()), objective::startingFrom));
        TrainingSettings training = settings.training();
        long images = data.count("train", settings.data().trainImages());
        List<String> notes = objective.notes(
                (images + training.executors() - 1) / training.executors(), training.localBatch(images));
        @Nullable
        String identity =
                teacher.map(model -> model.description().weightsSha256()).orElse(null);
        return TrainingRun.check(
                session,
                "distill",
                read(distill),
                data,
                recipe.student(),
                classNames,
                new TrainingRun.Objectives(preliminary, objective, notes),
                identity);
    }

    /** Of the methods' blocks only the chosen one's. */
    private static Predicate<String> read(DistillSettings distill) {
        return key -> key.split("\\.").length == 2
                || key.startsWith("distill." + distill.method() + ".")
                || (distill.addKd() > 0 && key.equals("distill.kd.temperature"));
    }
}
