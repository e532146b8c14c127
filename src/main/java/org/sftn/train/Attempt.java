package org.sftn.train;

import java.util.List;
import java.util.Optional;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.UserException;
import org.sftn.data.RankData;
import org.sftn.data.task.TaskErrors;
import org.sftn.train.progress.RankReport;
import org.sftn.train.spark.Barriers;
import org.sftn.train.spark.ClosableBroadcast;
import org.sftn.train.spark.DriverService;

/** One attempt, seen from the driver: a barrier stage and what it reports. */
final class Attempt {
    private final JavaSparkContext spark;
    private final AttemptPlan plan;
    private final Cluster cluster;
    private final Coordinator coordinator;

    /** What an attempt returns: rank 0's values and the last reports. */
    record Outcome(byte[] values, List<RankReport.Finished> finished) {}

    Attempt(JavaSparkContext spark, AttemptPlan plan, Cluster cluster, Coordinator.Listener listener) {
        this.spark = spark;
        this.plan = plan;
        this.cluster = cluster;
        this.coordinator = new Coordinator(plan.training().executors(), cluster.isLocal(), listener);
    }

    /**
     * @param train a partition a rank
     * @param test a partition a rank
     * @throws UserException when a task found a mistake of the user
     * @throws DivergedException when numbers of the training were not finite any more
     */
    Outcome run(JavaRDD<RankData> train, JavaRDD<RankData> test, String description) {
        UserMistakes mistakes = new UserMistakes();
        String group = "training-" + plan.attempt();
        spark.sc().addSparkListener(mistakes);
        spark.setJobGroup(group, description, true);
        ClosableBroadcast<AttemptPlan> broadcast = new ClosableBroadcast<>(spark, plan);
        Broadcast<AttemptPlan> sent = broadcast.value();
        DriverService service = DriverService.start(plan.service(), coordinator::answer);
        try {
            List<byte[]> values = Barriers.of(train, RankData.class)
                    .zipPartitions(
                            test,
                            (mine, tested) -> TaskErrors.within(() -> new TrainingTask(sent.value()).run(mine, tested)))
                    .collect();
            coordinator.close();
            coordinator.failure().ifPresent(Attempt::raise);
            return new Outcome(values.get(0), coordinator.finished());
        } catch (Exception e) {
            cluster.cancel(group);
            coordinator.close();
            cluster.awaitListeners();
            Optional<RuntimeException> cause = coordinator.failure().or(mistakes::first);
            cause.ifPresent(failure -> failure.addSuppressed(e));
            cause.ifPresent(Attempt::raise);
            throw e;
        } finally {
            service.close();
            broadcast.close();
            spark.clearJobGroup();
            spark.sc().removeSparkListener(mistakes);
        }
    }

    private static void raise(RuntimeException failure) {
        throw failure;
    }

    /** Spark gives a job's failure as text only; the failures of its tasks still have a class. */
    private static final class UserMistakes extends SparkListener {
        /** Null when there was none. */
        private @Nullable UserException first;

        @Override
        public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
            if (first == null
                    && end.reason() instanceof ExceptionFailure failure
                    && failure.className().equals(UserException.class.getName())) {
                first = new UserException(failure.description());
            }
        }

        synchronized Optional<RuntimeException> first() {
            return Optional.ofNullable(first);
        }
    }
}
