package org.sftn.job;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.Settings;
import org.sftn.conf.TeacherSettings;
import org.sftn.data.Dataset;
import org.sftn.model.SavedModel;
import org.sftn.teacher.TeacherObjective;
import org.sftn.zoo.Architecture;
import picocli.CommandLine.Command;

/**
 * Trains a teacher: with branches of a student when {@code teacher.student} names one (stage 1 of arXiv 2102.07650), else a
 * standard one.
 *
 * <p>Input: a folder of the prepare job ({@code data.path}); optionally a model to start from ({@code teacher.start-from}).
 *
 * <p>Output: {@code model/} with the teacher alone, {@code checkpoints/}, {@code metrics.csv}, {@code tensorboard/}, {@code
 * run.json}, {@code result.json}.
 *
 * <p>Example: {@code jobs/teacher.sh --config conf/cifar-100/teacher-resnet20-for-resnet8.conf --set data.path=data/cifar-100
 * --out runs/teacher}
 */
@Command(description = "Train a teacher, student-friendly when teacher.student names a student.")
final class TeacherJob implements Job {
    /** The setting that names a model to start from. */
    static final String START = "teacher.start-from";

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
        TeacherSettings teacher = settings.teacher();
        Optional<SavedModel> start = session.model(START, teacher.startFrom());
        Dataset data = Inputs.normalizedFor(start, session.dataset());
        Architecture network = Inputs.architecture(teacher.network(), data);
        Optional<Architecture> student = Inputs.given(teacher.student()).map(name -> Inputs.architecture(name, data));
        TeacherObjective objective =
                TeacherObjective.of(teacher, settings.training(), network, student, start, settings.seed());
        List<String> classNames = session.classNames(data, Map.of(START, start));
        @Nullable
        String identity =
                start.map(model -> model.description().weightsSha256()).orElse(null);
        return TrainingRun.check(
                session,
                "teacher",
                key -> true,
                data,
                network,
                classNames,
                TrainingRun.Objectives.of(objective),
                identity);
    }
}
