package org.sftn.train;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.sftn.conf.UserException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What Spark gives us to train on. */
final class Cluster {
    private static final Logger LOG = LoggerFactory.getLogger(Cluster.class);
    private static final String TASK_CPUS = "spark.task.cpus";
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration ASK = Duration.ofSeconds(3);
    private static final Duration LISTENERS = Duration.ofSeconds(10);

    private final SparkContext spark;

    Cluster(SparkContext spark) {
        this.spark = spark;
    }

    /** In local mode all ranks are tasks of one process; else each has an executor for itself. */
    boolean isLocal() {
        return spark.isLocal();
    }

    /** Waits for executors, as long as Spark is configured to wait for them, and says what is missing if they do not come. */
    Optional<String> missing(int executors) throws InterruptedException {
        SparkConf conf = spark.conf();
        if (conf.getBoolean("spark.dynamicAllocation.enabled", false) && !isLocal()) {
            throw new UserException(
                    "training needs executors that stay: spark.dynamicAllocation.enabled is true, set it to false and spark.executor.instances to "
                            + executors);
        }
        long deadline = System.nanoTime()
                + Duration.ofMillis(conf.getTimeAsMs("spark.scheduler.maxRegisteredResourcesWaitingTime", "30s"))
                        .toNanos();
        long next = System.nanoTime() + ASK.toNanos();
        while (true) {
            Optional<String> missing = missingNow(executors);
            // What a local master has does not grow.
            if (missing.isEmpty() || isLocal() || System.nanoTime() > deadline) {
                return missing;
            }
            if (isStandalone() && System.nanoTime() > next) {
                // Spark's master looks for a place for the executors of a lost worker only when it is asked for some.
                spark.requestExecutors(executors);
                next = System.nanoTime() + ASK.toNanos();
            }
            Thread.sleep(POLL.toMillis());
        }
    }

    private boolean isStandalone() {
        return spark.master().startsWith("spark://");
    }

    /** Barrier tasks start together or not at all; a task that waits for its favourite host would abort the stage. */
    void disableLocalityWait() {
        spark.conf().set("spark.locality.wait", "0s");
    }

    /** Cores that each of so many ranks has. */
    int coresPerRank(int ranks) {
        boolean told = spark.conf().contains(TASK_CPUS);
        int cpus = spark.conf().getInt(TASK_CPUS, 1);
        return isLocal() && !told ? Math.max(cpus, spark.maxNumConcurrentTasks() / ranks) : cpus;
    }

    void cancel(String jobGroup) {
        if (!spark.isStopped()) {
            spark.cancelJobGroup(jobGroup);
        }
    }

    /** Waits until listeners know what has happened so far. */
    void awaitListeners() {
        try {
            if (!spark.isStopped()) {
                spark.listenerBus().waitUntilEmpty(LISTENERS.toMillis());
            }
        } catch (TimeoutException e) {
            LOG.warn("Spark's listeners are behind: the reason of a failure may be missing");
        }
    }

    private Optional<String> missingNow(int executors) {
        int slots = spark.maxNumConcurrentTasks();
        int cpus = spark.conf().getInt(TASK_CPUS, 1);
        if (isLocal()) {
            return slots >= executors
                    ? Optional.empty()
                    : Optional.of(
                            "training.executors is %d but the master %s runs %d tasks at a time (spark.task.cpus is %d)"
                                    .formatted(executors, spark.master(), slots, cpus));
        }
        // The driver is one of them.
        int there = spark.statusTracker().getExecutorInfos().length - 1;
        if (there < executors) {
            return Optional.of(
                    "training.executors is %d but the cluster has %s".formatted(executors, executors(there)));
        }
        if (slots < executors) {
            return Optional.of(
                    "training.executors is %d but the cluster's %s run only %d tasks at a time: spark.task.cpus is %d, more than an executor's cores"
                            .formatted(executors, executors(there), slots, cpus));
        }
        return Optional.empty();
    }

    private static String executors(int count) {
        return count + (count == 1 ? " executor" : " executors");
    }
}
