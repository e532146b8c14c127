package org.sftn.job;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SortedMap;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;
import org.sftn.conf.PredictSettings;
import org.sftn.conf.Printable;
import org.sftn.conf.UserException;
import org.sftn.data.task.TaskProgress;
import org.sftn.job.run.RunDescription;
import org.sftn.job.run.RunFolder;
import org.sftn.job.run.RunResult;
import org.sftn.model.SavedModel;
import org.sftn.predict.AnswerColumns;
import org.sftn.predict.AnswerFiles;
import org.sftn.predict.PartPrediction;
import org.sftn.predict.PartReport;
import org.sftn.predict.Predictor;
import org.sftn.train.platform.Stretch;
import org.sftn.train.spark.ClosableBroadcast;
import picocli.CommandLine.Command;

/**
 * Says of images without labels what a saved model sees in them.
 *
 * <p>Input: a model folder ({@code predict.model}), and image files in a folder, that a pattern matches, in tars or in a table
 * ({@code predict.input}).
 *
 * <p>Output: {@code predictions/} with Parquet files, {@code csv/} when {@code predict.csv} is true, {@code run.json}, {@code
 * result.json}. An image that cannot be used is a row with the reason.
 *
 * <p>Example: {@code jobs/predict.sh --set predict.model=runs/student/model --set predict.input=photos --out runs/labels}
 */
@Command(description = "Say of images without labels what a saved model sees in them.")
final class PredictJob implements Job {
    @Override
    public JobPlan plan(Session session) throws IOException {
        PredictSettings predict = session.settings().predict();
        SavedModel model = session.model("predict.model", predict.model())
                .orElseThrow(() ->
                        new UserException("predict.model is not set: it names the folder of the model that predicts"));
        PredictInput input = PredictInput.of(predict, session.spark());
        AnswerColumns columns = new AnswerColumns(
                input.passed(),
                Math.min(predict.top(), model.description().classes()),
                predict.logits(),
                predict.features());
        Predictor predictor = Predictor.of(model, predict.resize(), columns);
        RunDescription run = RunDescription.of(
                "predict",
                session.settings().effective(),
                key -> key.startsWith("engine.") || key.startsWith("predict."),
                input.identity().orElse(null),
                model.description().weightsSha256());
        RunFolder folder =
                RunFolder.check(session.out(), run, AnswerFiles.WRITTEN, session.existing(), session.hadoop());
        if (folder.finished() != null) {
            return JobPlan.nothing(folder.alreadyFinished(summary(session, folder.finished(), "")));
        }
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT, "Images   %s, in %s", predict.input(), Printable.count(input.parts(), "part")));
        input.remarks().forEach(remark -> lines.add("         " + remark));
        lines.add(String.format(
                Locale.ROOT,
                "Model    %s, %s, of images of %d x %d, the middle after resizing the shorter side to %d",
                model.description().architecture(),
                model.description().weightsSha256(),
                model.description().image().get(1),
                model.description().image().get(2),
                predictor.resize()));
        AnswerFiles files = new AnswerFiles(session.out().toString(), input.parts(), predict.csv());
        return new JobPlan(lines, () -> {
            session.interruption()
                    .advise("parts that are done are in " + session.out()
                            + "; the same command with --resume goes on with them");
            PartPrediction task = new PartPrediction(predictor, columns, files, predict.batch(), cores(session));
            Predicted predicted = folder.record(
                    session.application(), lock -> predict(session, task, input), done -> done.result(folder.run()));
            files.deleteReports(session.hadoop());
            return summary(session, predicted.result(folder.run()), predicted.shares());
        });
    }

    private static int cores(Session session) {
        return session.spark().getConf().getInt("spark.task.cpus", 1);
    }

    /**
     * What became of all parts.
     *
     * @param now those of this attempt
     * @param seconds of this attempt
     */
    private record Predicted(List<PartReport> all, List<PartReport> now, double seconds) {
        long images() {
            return all.stream().mapToLong(PartReport::images).sum();
        }

        long unusable() {
            return all.stream().mapToLong(PartReport::unusable).sum();
        }

        RunResult result(RunDescription run) {
            return RunResult.predicted(
                    run,
                    images(),
                    unusable(),
                    now.stream().mapToLong(PartReport::images).sum() / seconds,
                    List.of(Stretch.of(
                            0,
                            all.stream()
                                    .map(PartReport::platform)
                                    .distinct()
                                    .sorted(Comparator.comparing(Object::toString))
                                    .toList())));
        }

        /** Where the tasks' time has gone, for people. */
        String shares() {
            double waiting = now.stream().mapToLong(PartReport::waiting).sum();
            double decoding = now.stream().mapToLong(PartReport::decoding).sum();
            double computing = now.stream().mapToLong(PartReport::computing).sum();
            double sum = Math.max(1, waiting + decoding + computing);
            return String.format(
                    Locale.ROOT,
                    " (waiting for files %.0f %%, decoding %.0f %%, computing %.0f %%)",
                    100 * waiting / sum,
                    100 * decoding / sum,
                    100 * computing / sum);
        }
    }

    private static Predicted predict(Session session, PartPrediction task, PredictInput input)
            throws IOException, InterruptedException {
        long start = System.nanoTime();
        AnswerFiles files = task.files();
        if (input.identity().isEmpty()) {
            files.deleteAll(session.hadoop());
        }
        files.deleteUnfinished(session.hadoop());
        SortedMap<Integer, PartReport> reports = files.done(session.hadoop());
        List<Integer> open = IntStream.range(0, input.parts())
                .boxed()
                .filter(part -> !reports.containsKey(part))
                .toList();
        if (!reports.isEmpty()) {
            session.progress()
                    .printf(
                            Locale.ROOT,
                            "%,d of %s %s there from an earlier run%n",
                            reports.size(),
                            Printable.count(input.parts(), "part"),
                            reports.size() == 1 ? "is" : "are");
        }
        List<PartReport> now = open.isEmpty() ? List.of() : run(session, task, input, open);
        for (int i = 0; i < open.size(); i++) {
            reports.put(open.get(i), now.get(i));
        }
        Predicted predicted = new Predicted(List.copyOf(reports.values()), now, (System.nanoTime() - start) / 1e9);
        sayUnusable(session, predicted);
        return predicted;
    }

    private static void sayUnusable(Session session, Predicted predicted) {
        long images = predicted.images();
        long unusable = predicted.unusable();
        if (images == 0) {
            throw new UserException(
                    "there are no images in " + session.settings().predict().input());
        }
        if (unusable == 0) {
            return;
        }
        String first = predicted.all().stream()
                .map(PartReport::firstUnusable)
                .filter(Objects::nonNull)
                .findFirst()
                .orElseThrow();
        if (unusable == images) {
            throw new UserException(
                    String.format(Locale.ROOT, "none of the %,d images can be used; the first is %s", images, first));
        }
        session.progress()
                .printf(
                        Locale.ROOT,
                        "%,d of %,d images cannot be used; their rows say why, the first is %s%n",
                        unusable,
                        images,
                        first);
    }

    private static List<PartReport> run(Session session, PartPrediction task, PredictInput input, List<Integer> open)
            throws IOException, InterruptedException {
        JavaSparkContext spark = session.spark();
        spark.sc().setJobDescription("predict " + Printable.count(open.size(), "part"));
        try (ClosableBroadcast<PartPrediction> broadcast = new ClosableBroadcast<>(spark, task)) {
            JavaRDD<PartReport> reports = input.reports(
                    spark,
                    open,
                    new PredictInput.PartTask(
                            broadcast.value(),
                            session.settings().engine(),
                            cores(session),
                            new SerializableConfiguration(session.hadoop())));
            // A table has a task, which does nothing, for each part that is done.
            int before = input.parts() - reports.getNumPartitions();
            return new TaskProgress(spark, "predict", "parts", input.parts(), before, session.progress())
                    .await(reports.collectAsync());
        }
    }

    private static String summary(Session session, RunResult result, String shares) {
        return String.format(Locale.ROOT, "predict %s%s, in %s", result.forPeople(), shares, session.out());
    }
}
