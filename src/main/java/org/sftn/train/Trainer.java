package org.sftn.train;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;
import org.sftn.conf.DataSettings;
import org.sftn.conf.TrainingSettings;
import org.sftn.conf.UserException;
import org.sftn.data.Dataset;
import org.sftn.data.RankData;
import org.sftn.engine.Engine;
import org.sftn.model.Safetensors;
import org.sftn.train.checkpoint.Checkpoint;
import org.sftn.train.checkpoint.CheckpointFolder;
import org.sftn.train.platform.Platform;
import org.sftn.train.platform.Stretch;
import org.sftn.train.progress.EventFile;
import org.sftn.train.progress.MetricsFile;
import org.sftn.train.progress.Progress;
import org.sftn.train.progress.RankReport;
import org.sftn.train.progress.TrainingProgress;
import org.sftn.train.quantity.EvaluationSums;

/**
 * Synchronous training in Spark barrier stages: one long task an executor, no Spark job an iteration. When an attempt fails the
 * driver begins again from the last checkpoint. The same configuration, seed and number of executors give the same bits, however
 * often the run was interrupted, on {@link Platform}s that are alike; a run that goes on with another says so.
 */
public final class Trainer {
    /** Is told how a run goes, by threads that should not wait. */
    @FunctionalInterface
    public interface Listener {
        /** Whenever a line is printed. */
        void progress(TrainingProgress progress);

        /**
         * When the executors of an attempt are ready.
         *
         * @param stretches all that has computed the run, the attempt that begins now included
         */
        default void computedBy(List<Stretch> stretches) throws IOException {}
    }

    private static final int SECRET_BYTES = 32;

    private final JavaSparkContext spark;
    private final TrainingSettings training;
    private final DataSettings data;
    private final EngineSource engines;
    private final long seed;
    private final PrintStream out;
    private final Listener listener;

    /** @param out takes the progress lines */
    public Trainer(
            JavaSparkContext spark,
            TrainingSettings training,
            DataSettings data,
            EngineSource engines,
            long seed,
            PrintStream out,
            Listener listener) {
        this.spark = spark;
        this.training = training;
        this.data = data;
        this.engines = engines;
        this.seed = seed;
        this.out = out;
        this.listener = listener;
    }

    /** What stays the same over all attempts. */
    private record Run(
            Objective objective,
            Dataset dataset,
            OutputFolder folder,
            Map<String, String> identity,
            List<Stretch> earlier,
            Cluster cluster,
            CheckpointFolder checkpoints) {}

    /**
     * Trains to the end, from the folder's last checkpoint when it holds any. Writes checkpoints, metrics and TensorBoard's events
     * there.
     *
     * @param identity what else makes the run what it is, such as the objective's settings, by name; a run continues with the
     *     same only
     * @param earlier what computed the values that the objective starts from; empty when they are given or fresh
     * @throws UserException when the cluster can never be large enough, the folder holds checkpoints that must not be continued, or a task
     *     found a mistake of the user
     * @throws DivergedException when the loss, the weights or the evaluated model's outputs are not finite any more
     * @throws TrainingFailedException when {@code training.attempts} attempts have failed without progress
     */
    public TrainingResult train(
            Objective objective,
            Dataset dataset,
            OutputFolder folder,
            Map<String, String> identity,
            List<Stretch> earlier)
            throws IOException, InterruptedException {
        Cluster cluster = new Cluster(spark.sc());
        cluster.disableLocalityWait();
        CheckpointFolder checkpoints = new CheckpointFolder(folder.checkpoints(), spark.hadoopConfiguration());
        Map<String, String> whole = RunIdentity.of(training, data, seed, objective, dataset, identity);
        Run run = new Run(objective, dataset, folder, whole, earlier, cluster, checkpoints);
        return untilDone(run);
    }

    /**
     * On a local master, does what its ranks will do first: compiles the network for their batches, as often as there are ranks. So
     * a lack of memory is known before there is any work. Elsewhere it does nothing.
     *
     * @throws UserException when the master cannot run so many ranks
     * @throws OutOfMemoryError when the networks do not fit into memory
     */
    public void rehearse(Objective objective, Dataset dataset) throws InterruptedException {
        Cluster cluster = new Cluster(spark.sc());
        if (!cluster.isLocal()) {
            return;
        }
        cluster.await(training.executorCounts());
        Engine engine = engines.open(cluster.coresPerRank(training.executors()));
        int batch = training.localBatch(dataset.count("train", data.trainImages()));
        List<Model> models = new ArrayList<>();
        try {
            for (int rank = 0; rank < training.executors(); rank++) {
                models.add(new Model(objective, engine, batch));
            }
        } finally {
            models.forEach(Model::close);
        }
    }

    private TrainingResult untilDone(Run run) throws IOException, InterruptedException {
        long startNanos = System.nanoTime();
        Retries retries = new Retries(training.attempts(), training.retryDelay());
        String why = "";
        while (true) {
            try {
                Optional<Checkpoint> from = latest(run);
                retries.begin(iterations(from));
                int executors = run.cluster().await(training.executorCounts());
                retries.found();
                if (from.isPresent() || !why.isEmpty()) {
                    out.println(why + "continuing after iteration " + iterations(from));
                }
                if (executors < training.executors()) {
                    out.println(String.format(
                            Locale.ROOT,
                            "warning: training on %d of %d executors, since the others have not come in time (training.min-executors)",
                            executors,
                            training.executors()));
                }
                return attempt(run, training.on(executors), from, retries.restarts(), startNanos);
            } catch (MoreExecutorsException e) {
                why = "executors have come back: ";
            } catch (UserException | DivergedException | TrainingFailedException e) {
                throw e;
            } catch (MissingExecutorsException e) {
                retries.missing(e);
            } catch (Exception | FSError e) {
                if (spark.sc().isStopped()
                        || e instanceof InterruptedException
                        || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                retries.failed(e);
                why = "training was interrupted: ";
            }
        }
    }

    private Optional<Checkpoint> latest(Run run) throws IOException {
        Optional<Checkpoint> latest = run.checkpoints().latest();
        List<String> differences =
                latest.map(c -> c.differencesFrom(run.identity())).orElse(List.of());
        if (!differences.isEmpty()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "the run in %s cannot be continued, it is another one: %s",
                    run.folder().root(),
                    String.join("; ", differences)));
        }
        return latest;
    }

    private static long iterations(Optional<Checkpoint> checkpoint) {
        return checkpoint.map(Checkpoint::iterations).orElse(0L);
    }

    private TrainingResult attempt(
            Run run, TrainingSettings now, Optional<Checkpoint> from, int restarts, long startNanos)
            throws IOException, InterruptedException {
        run.checkpoints().removeUnmarked();
        Configuration hadoop = spark.hadoopConfiguration();
        AttemptPlan plan = plan(run, now, from);
        long end = training.epochs() * batches(run);
        Progress progress = new Progress(out, training, now.executors(), end, plan.firstIteration(), restarts);
        MetricsFile metrics = MetricsFile.open(run.folder().metrics(), plan.firstIteration(), hadoop);
        progress.history(run.folder().metrics(), metrics.rows().size(), plan.firstIteration() / batches(run));
        try (EventFile events =
                new EventFile(run.folder().tensorboard(), plan.attempt(), plan.firstIteration(), hadoop)) {
            List<Stretch> earlier = from.map(Checkpoint::computedBy).orElse(run.earlier());
            Journal journal = new Journal(
                    progress,
                    listener,
                    metrics,
                    events,
                    run.checkpoints(),
                    run.identity(),
                    earlier,
                    plan,
                    iterations -> takeBack(run, now, iterations, end));
            String description = String.format(
                    Locale.ROOT,
                    "train iterations %d to %d on %d executors",
                    plan.firstIteration() + 1,
                    end,
                    now.executors());
            // Shuffled anew: Spark may not know yet that an earlier attempt's shuffle was lost with an executor, and a
            // barrier stage does not survive a failed fetch.
            JavaRDD<RankData> train = run.dataset().byRank("train", data.trainImages(), now.executors());
            JavaRDD<RankData> test = run.dataset().byRank("test", data.testImages(), now.executors());
            Attempt.Outcome outcome = new Attempt(spark, plan, run.cluster(), journal).run(train, test, description);
            return result(outcome, journal.computedBy(), run, startNanos);
        }
    }

    /** Ends an attempt on too few executors when there are more and there is something left to do. */
    private void takeBack(Run run, TrainingSettings now, long iterations, long end) {
        if (iterations < end && run.cluster().hasMore(training.executorCounts(), now.executors())) {
            throw new MoreExecutorsException(now.executors());
        }
    }

    private long batches(Run run) {
        long images = run.dataset().count("train", data.trainImages());
        return (images + training.globalBatch() - 1) / training.globalBatch();
    }

    private AttemptPlan plan(Run run, TrainingSettings now, Optional<Checkpoint> from) {
        byte[] secret = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(secret);
        UUID id = UUID.randomUUID();
        String attempt = HexFormat.of().toHexDigits(id.getMostSignificantBits());
        return new AttemptPlan(
                attempt,
                "sftn-training-" + attempt,
                id.getMostSignificantBits() >>> 1,
                secret,
                run.cluster().coresPerRank(now.executors()),
                run.objective(),
                engines,
                now,
                new AttemptPlan.Data(
                        run.dataset().manifest().preprocessing(data),
                        run.dataset().count("train", data.trainImages()),
                        data.memory().toBytes(),
                        data.shuffleBuffer(),
                        data.decodeThreads(),
                        data.damaged()),
                seed,
                from.orElse(null),
                run.folder().checkpoints(),
                new SerializableConfiguration(spark.hadoopConfiguration()));
    }

    private TrainingResult result(Attempt.Outcome outcome, List<Stretch> computedBy, Run run, long startNanos)
            throws IOException {
        EvaluationSums test = EvaluationSums.EMPTY;
        long images = 0;
        double seconds = 0;
        for (RankReport.Finished rank : outcome.finished()) {
            test = test.plus(rank.evaluation());
            images += rank.images();
            seconds = Math.max(seconds, rank.seconds());
        }
        Safetensors values = Safetensors.read(new ByteArrayInputStream(outcome.values()), outcome.values().length);
        return new TrainingResult(
                values.tensors(),
                training.epochs(),
                training.epochs() * batches(run),
                test.top1Share(),
                test.top5Share(),
                test.meanCrossEntropy(),
                images == 0 ? 0 : images / seconds,
                Duration.ofNanos(System.nanoTime() - startNanos).toMillis() / 1000.0,
                computedBy);
    }
}
