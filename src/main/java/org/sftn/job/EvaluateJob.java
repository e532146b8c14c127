package org.sftn.job;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
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
import org.sftn.data.Portion;
import org.sftn.data.TaskErrors;
import org.sftn.engine.Engine;
import org.sftn.engine.Engines;
import org.sftn.evaluate.ComparedImage;
import org.sftn.evaluate.Evaluation;
import org.sftn.evaluate.EvaluationFiles;
import org.sftn.evaluate.Replica;
import org.sftn.evaluate.Similarity;
import org.sftn.model.SavedModel;
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
    public Plan plan(Session session) throws IOException {
        EvaluateSettings evaluate = session.settings().evaluate();
        Dataset data = session.dataset();
        SavedModel model = session.model("evaluate.model", evaluate.model())
                .orElseThrow(() ->
                        new UserException("evaluate.model is not set: it names the folder of the model to evaluate"));
        Replica replica = Replica.of(model, data.manifest(), session.settings().data());
        Optional<SavedModel> teacher = session.model("evaluate.teacher", evaluate.teacher());
        Optional<Replica> compared = teacher.map(
                its -> Replica.of(its, data.manifest(), session.settings().data()));
        RunFolder folder = check(session, data, model, teacher);
        if (folder.finished() != null) {
            return folder.alreadyFinished(summary(session, folder.finished()));
        }
        Images images = Images.of(session.settings());
        if (compared.isPresent() && data.count(images.split(), images.limit()) < 2) {
            throw new UserException("evaluate.teacher cannot be used: likeness needs at least 2 images");
        }
        List<String> lines = new ArrayList<>(List.of(
                "Data     %,d images of the %s split, %s"
                        .formatted(
                                data.count(images.split(), images.limit()),
                                images.split(),
                                data.manifest().identity()),
                "Model    %s, %s"
                        .formatted(
                                model.description().architecture(),
                                model.description().weightsSha256())));
        teacher.ifPresent(its -> lines.add("Teacher  %s, %s"
                .formatted(its.description().architecture(), its.description().weightsSha256())));
        return new Plan(lines, () -> {
            RunResult result = folder.record(session.application(), lock -> {
                long start = System.nanoTime();
                List<ComparedImage> both = compared.isPresent()
                        ? onImages(session, data, images, comparison(replica, compared.get()))
                        : List.of();
                Evaluation evaluation = new Evaluation(
                        model.description().classNames(),
                        compared.isPresent()
                                ? both.stream().map(ComparedImage::prediction).toList()
                                : onImages(session, data, images, replica::predict));
                double imagesPerSecond = evaluation.predictions().size() / ((System.nanoTime() - start) / 1e9);
                long skipped = data.count(images.split(), images.limit())
                        - evaluation.predictions().size();
                if (skipped > 0) {
                    session.progress().printf("%,d images were skipped as damaged%n", skipped);
                }
                write(session, evaluation);
                Similarity similarity = compared.isPresent() ? Similarity.of(both) : null;
                return RunResult.evaluated(folder.run(), evaluation, similarity, imagesPerSecond);
            });
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
        List<T> answer(Iterator<Portion> images, Engine engine, Replica.Reading reading, Configuration hadoop)
                throws IOException, InterruptedException;
    }

    private static Question<ComparedImage> comparison(Replica student, Replica teacher) {
        return (images, engine, reading, hadoop) -> student.compare(teacher, images, engine, reading, hadoop);
    }

    /** One engine a partition, as many partitions as tasks can run at a time. */
    private static <T> List<T> onImages(Session session, Dataset data, Images images, Question<T> question) {
        JavaSparkContext spark = new JavaSparkContext(session.spark().sparkContext());
        EngineSettings engine = session.settings().engine();
        int cores = spark.getConf().getInt("spark.task.cpus", 1);
        int partitions = Math.max(1, spark.defaultParallelism() / cores);
        DataSettings settings = session.settings().data();
        Replica.Reading reading = new Replica.Reading(
                session.settings().evaluate().batch(),
                cores,
                settings.memory().toBytes() / partitions,
                settings.damaged());
        SerializableConfiguration hadoop = new SerializableConfiguration(session.hadoop());
        session.spark()
                .sparkContext()
                .setJobDescription("evaluate %,d images of the %s split"
                        .formatted(data.count(images.split(), images.limit()), images.split()));
        Broadcast<Question<T>> sent = spark.broadcast(question);
        try {
            return data.portions(images.split(), images.limit(), partitions)
                    .mapPartitions(portions -> TaskErrors.within(() -> sent.value()
                            .answer(portions, Engines.create(engine, cores), reading, hadoop.value())
                            .iterator()))
                    .collect();
        } finally {
            sent.destroy();
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
                "evaluate done: top-1 %.2f %%, top-5 %.2f %%, loss %.4f, %s%.1f images/s, in %s",
                100 * result.top1(),
                100 * result.top5(),
                result.loss(),
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
