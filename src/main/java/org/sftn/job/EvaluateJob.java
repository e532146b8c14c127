package org.sftn.job;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.sftn.conf.DataSettings;
import org.sftn.conf.EngineSettings;
import org.sftn.conf.EvaluateSettings;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.data.Dataset;
import org.sftn.data.RankData;
import org.sftn.data.image.Preprocessing;
import org.sftn.data.task.TaskErrors;
import org.sftn.engine.Engine;
import org.sftn.engine.Engines;
import org.sftn.evaluate.ComparedImage;
import org.sftn.evaluate.EvaluatedModel;
import org.sftn.evaluate.Evaluation;
import org.sftn.evaluate.EvaluationFiles;
import org.sftn.evaluate.Prediction;
import org.sftn.evaluate.Similarity;
import org.sftn.job.run.RunDescription;
import org.sftn.job.run.RunFolder;
import org.sftn.job.run.RunResult;
import org.sftn.model.SavedModel;
import org.sftn.train.platform.Platform;
import org.sftn.train.platform.Stretch;
import org.sftn.train.spark.ClosableBroadcast;
import picocli.CommandLine.Command;

/**
 * Measures a saved model on a split.
 *
 * <p>Input: a folder of the prepare job ({@code data.path}), a model folder ({@code evaluate.model}) and perhaps another one,
 * its teacher's ({@code evaluate.teacher}), which it is compared with.
 *
 * <p>Output: {@code confusion.csv}, {@code predictions.csv} when {@code evaluate.predictions} is true, {@code run.json},
 * {@code result.json}.
 *
 * <p>Example: {@code jobs/evaluate.sh --set data.path=data/cifar-100 --set evaluate.model=runs/student/model --out
 * runs/student-test}
 */
@Command(description = "Measure a saved model on a split.")
final class EvaluateJob implements Job {
    @Override
    public JobPlan plan(Session session) throws IOException {
        EvaluateSettings evaluate = session.settings().evaluate();
        Dataset data = session.dataset();
        SavedModel model = session.model("evaluate.model", evaluate.model())
                .orElseThrow(() ->
                        new UserException("evaluate.model is not set: it names the folder of the model to evaluate"));
        EvaluatedModel replica =
                EvaluatedModel.of(model, data.manifest(), session.settings().data());
        Optional<SavedModel> teacher = session.model("evaluate.teacher", evaluate.teacher());
        Optional<EvaluatedModel> compared = teacher.map(its ->
                EvaluatedModel.of(its, data.manifest(), session.settings().data()));
        List<String> classNames =
                session.classNames(data, Map.of("evaluate.model", Optional.of(model), "evaluate.teacher", teacher));
        RunFolder folder = check(session, data, model, teacher);
        if (folder.finished() != null) {
            return JobPlan.nothing(folder.alreadyFinished(summary(session, folder.finished())));
        }
        Images images = Images.of(session.settings());
        if (compared.isPresent() && data.count(images.split(), images.limit()) < 2) {
            throw new UserException("evaluate.teacher cannot be used: likeness needs at least 2 images");
        }
        List<String> lines = new ArrayList<>(List.of(
                String.format(
                        Locale.ROOT,
                        "Data     %,d images of the %s split, %s",
                        data.count(images.split(), images.limit()),
                        images.split(),
                        data.manifest().identity()),
                String.format(
                        Locale.ROOT,
                        "Model    %s, %s",
                        model.description().architecture(),
                        model.description().weightsSha256())));
        teacher.ifPresent(its -> lines.add(String.format(
                Locale.ROOT,
                "Teacher  %s, %s",
                its.description().architecture(),
                its.description().weightsSha256())));
        return new JobPlan(lines, () -> {
            RunResult result = folder.record(
                    session.application(),
                    lock -> session.interruption().during(() -> {
                        long start = System.nanoTime();
                        Optional<Answers<ComparedImage>> both =
                                compared.map(its -> onImages(session, data, images, comparison(replica, its)));
                        Answers<Prediction> predicted = both.map(EvaluateJob::predictions)
                                .orElseGet(() -> onImages(session, data, images, replica::predict));
                        Evaluation evaluation = new Evaluation(classNames, predicted.all());
                        double imagesPerSecond = evaluation.predictions().size() / ((System.nanoTime() - start) / 1e9);
                        long skipped = data.count(images.split(), images.limit())
                                - evaluation.predictions().size();
                        if (skipped > 0) {
                            session.progress().printf(Locale.ROOT, "%,d images were skipped as damaged%n", skipped);
                        }
                        write(session, evaluation);
                        Similarity similarity =
                                both.map(each -> Similarity.of(each.all())).orElse(null);
                        List<Stretch> computedBy = List.of(Stretch.of(0, predicted.platforms()));
                        folder.computedBy(computedBy);
                        return RunResult.evaluated(folder.run(), evaluation, similarity, imagesPerSecond, computedBy);
                    }));
            return summary(session, result);
        });
    }

    /** Which images to evaluate. */
    private record Images(String split, int limit) {
        static Images of(Settings settings) {
            return switch (settings.evaluate().split()) {
                case TRAIN -> new Images("train", settings.data().trainImages());
                case TEST -> new Images("test", settings.data().testImages());
            };
        }
    }

    private static RunFolder check(Session session, Dataset data, SavedModel model, Optional<SavedModel> teacher)
            throws IOException {
        String own = model.description().weightsSha256();
        RunDescription run = RunDescription.of(
                "evaluate",
                session.settings().effective(),
                key -> key.equals("seed")
                        || key.startsWith("data.")
                        || key.startsWith("engine.")
                        || key.startsWith("evaluate."),
                data.manifest().identity(),
                teacher.map(its -> own + " and " + its.description().weightsSha256())
                        .orElse(own));
        return RunFolder.check(session.out(), run, RunFolder.EVALUATION, session.existing(), session.hadoop());
    }

    /** What is to be found out about a rank's images. */
    @FunctionalInterface
    private interface Question<T> extends Serializable {
        List<T> answer(Iterator<RankData> images, Engine engine, EvaluatedModel.Reading reading, Configuration hadoop)
                throws IOException, InterruptedException;
    }

    /**
     * Of all ranks.
     *
     * @param platforms by rank
     */
    private record Answers<T>(List<T> all, List<Platform> platforms) implements Serializable {}

    private static Answers<Prediction> predictions(Answers<ComparedImage> both) {
        return new Answers<>(both.all().stream().map(ComparedImage::prediction).toList(), both.platforms());
    }

    private static Question<ComparedImage> comparison(EvaluatedModel student, EvaluatedModel teacher) {
        return (images, engine, reading, hadoop) -> student.compare(teacher, images, engine, reading, hadoop);
    }

    /** One engine a partition, as many partitions as tasks can run at a time. */
    private static <T> Answers<T> onImages(Session session, Dataset data, Images images, Question<T> question) {
        JavaSparkContext spark = session.spark();
        EngineSettings engine = session.settings().engine();
        int cores = spark.getConf().getInt("spark.task.cpus", 1);
        int partitions = Math.max(1, spark.defaultParallelism() / cores);
        DataSettings settings = session.settings().data();
        EvaluatedModel.Reading reading = new EvaluatedModel.Reading(
                session.settings().evaluate().batch(),
                cores,
                settings.memory().toBytes() / partitions,
                settings.damaged());
        Preprocessing preprocessing = data.manifest().preprocessing(settings);
        SerializableConfiguration hadoop = new SerializableConfiguration(session.hadoop());
        session.spark()
                .sc()
                .setJobDescription(String.format(
                        Locale.ROOT,
                        "evaluate %,d images of the %s split",
                        data.count(images.split(), images.limit()),
                        images.split()));
        try (ClosableBroadcast<Question<T>> broadcast = new ClosableBroadcast<>(spark, question)) {
            Broadcast<Question<T>> sent = broadcast.value();
            List<Answers<T>> byRank = data.byRank(images.split(), images.limit(), partitions)
                    .mapPartitions(given -> TaskErrors.within(() -> {
                        Engine made = Engines.create(engine, cores);
                        List<T> answers = sent.value().answer(given, made, reading, hadoop.value());
                        return List.of(new Answers<>(answers, List.of(Platform.of(made, preprocessing))))
                                .iterator();
                    }))
                    .collect();
            return new Answers<>(
                    byRank.stream().flatMap(each -> each.all().stream()).toList(),
                    byRank.stream().flatMap(each -> each.platforms().stream()).toList());
        }
    }

    private static void write(Session session, Evaluation evaluation) throws IOException {
        EvaluationFiles.writeConfusion(evaluation, new Path(session.out(), RunFolder.CONFUSION), session.hadoop());
        if (session.settings().evaluate().predictions()) {
            EvaluationFiles.writePredictions(
                    evaluation, new Path(session.out(), RunFolder.PREDICTIONS), session.hadoop());
        }
    }

    private static String summary(Session session, RunResult result) {
        Similarity similarity = result.similarity();
        return String.format(
                Locale.ROOT,
                "evaluate %s, %s%.1f images/s, in %s",
                result.forPeople(),
                similarity == null
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                "beside its teacher KL %.4f, CKA %.4f, agreement %.2f %%, ",
                                similarity.kl(),
                                similarity.cka(),
                                100 * similarity.agreement()),
                result.imagesPerSecond(),
                session.out());
    }
}
