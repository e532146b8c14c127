package org.sftn.job;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.EvaluateSettings;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.data.Dataset;
import org.sftn.evaluate.Evaluation;
import org.sftn.evaluate.EvaluationFiles;
import org.sftn.evaluate.Evaluator;
import org.sftn.model.SavedModel;
import picocli.CommandLine.Command;

/**
 * Measures a saved model on a split.
 *
 * <p>Input: a folder of the prepare job ({@code data.path}) and a model folder ({@code evaluate.model}).
 *
 * <p>Output: {@code confusion.csv}, {@code predictions.csv} when {@code evaluate.predictions} is true, {@code run.json}, {@code
 * result.json}.
 *
 * <p>Example: {@code jobs/evaluate.sh --set data.path=data/cifar-100 --set evaluate.model=runs/student/model --out
 * runs/student-test}
 */
@Command(description = "Measure a saved model on a split.")
final class EvaluateJob implements Job {
    @Override
    public Plan plan(Session session) throws IOException {
        Settings settings = session.settings();
        EvaluateSettings evaluate = settings.evaluate();
        Dataset data = session.dataset();
        SavedModel model = session.model("evaluate.model", evaluate.model())
                .orElseThrow(
                        () -> new UserException("evaluate.model is not set: it names the model folder to evaluate"));
        Evaluator.check(model.description(), data.manifest());
        String split = settings.effective().get("evaluate.split");
        int limit = evaluate.split() == EvaluateSettings.Split.TRAIN
                ? settings.data().trainImages()
                : settings.data().testImages();
        long images = data.count(split, limit);
        RunDescription run = RunDescription.of(
                "evaluate",
                settings.effective(),
                key -> key.startsWith("data.")
                        || key.startsWith("engine.")
                        || key.startsWith("evaluate.")
                        || key.equals("seed"),
                data.manifest().identity(),
                model.description().weightsSha256());
        RunFolder folder =
                RunFolder.check(session.out(), run, RunFolder.EVALUATION, session.existing(), session.hadoop());
        if (folder.finished() != null) {
            return new Plan(
                    List.of(),
                    () -> "the run in " + session.out() + " is finished already: "
                            + summary(folder.finished(), session));
        }
        List<String> lines = List.of(
                "Data    %,d images of the %s split".formatted(images, split),
                "Model   " + model.description().architecture());
        return new Plan(
                lines,
                () -> summary(folder.record(() -> evaluate(session, folder, data, model, split, limit)), session));
    }

    private static RunResult evaluate(
            Session session, RunFolder folder, Dataset data, SavedModel model, String split, int limit)
            throws IOException {
        Settings settings = session.settings();
        EvaluateSettings evaluate = settings.evaluate();
        long start = System.nanoTime();
        Evaluation evaluation = new Evaluator(session.spark(), settings.engine())
                .evaluate(model, data, split, limit, evaluate.batch(), settings.data());
        double seconds = (System.nanoTime() - start) / 1e9;
        EvaluationFiles.writeConfusion(evaluation, new Path(session.out(), RunFolder.CONFUSION), session.hadoop());
        if (evaluate.predictions()) {
            EvaluationFiles.writePredictions(
                    evaluation, new Path(session.out(), RunFolder.PREDICTIONS), session.hadoop());
        }
        double imagesPerSecond = evaluation.predictions().size() / seconds;
        return RunResult.done(
                folder.run(), evaluation.top1(), evaluation.top5(), evaluation.loss(), null, imagesPerSecond, null);
    }

    private static String summary(RunResult result, Session session) {
        return String.format(
                Locale.ROOT,
                "evaluate done: top-1 %.2f %%, top-5 %.2f %%, loss %.4f, %.1f images/s, in %s",
                100 * result.top1(),
                100 * result.top5(),
                result.loss(),
                result.imagesPerSecond(),
                session.out());
    }
}
