package org.sftn.train;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.sftn.conf.UserException;
import org.sftn.train.spark.SparkScheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What Spark gives us to train on. */
final class Cluster {
    private static final Logger LOG = LoggerFactory.getLogger(Cluster.class);
    private static final String STANDALONE = "spark://";
    private static final String TASK_CPUS = "spark.task.cpus";
    private static final String MAX_CORES = "spark.cores.max";
    private static final String CORES = "spark.executor.cores";
    private static final String INSTANCES = "spark.executor.instances";

    // Of Spark, on YARN and Kubernetes.
    private static final int DEFAULT_INSTANCES = 2;

    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration ASK = Duration.ofSeconds(3);
    private static final Duration LISTENERS = Duration.ofSeconds(10);

    private final SparkContext spark;
    private final SparkScheduler scheduler;

    Cluster(SparkContext spark) {
        this.spark = spark;
        this.scheduler = new SparkScheduler(spark);
    }

    /** In local mode all ranks are tasks of one process; else each has an executor for itself. */
    boolean isLocal() {
        return spark.isLocal();
    }

    /**
     * Waits for executors, as long as Spark is configured to wait for them.
     *
     * @param counts of executors that will do, the most first
     * @return the most; when they have not come in time, the most of those that have
     * @throws MissingExecutorsException when too few have come; more may come later
     * @throws UserException when they can never come
     */
    int await(List<Integer> counts) throws InterruptedException {
        int executors = counts.get(0);
        if (isLocal()) {
            requireSlots(executors);
            return executors;
        }
        requirePossible(executors, spark.conf());
        long deadline = System.nanoTime()
                + Duration.ofMillis(
                                spark.conf().getTimeAsMs("spark.scheduler.maxRegisteredResourcesWaitingTime", "30s"))
                        .toNanos();
        long next = System.nanoTime() + ASK.toNanos();
        while (true) {
            if (spark.isStopped()) {
                throw new IllegalStateException("Spark has stopped the application while it waited for executors");
            }
            boolean late = System.nanoTime() > deadline;
            if (late) {
                // Spark counts executors and their slots in two places, of which one comes later.
                awaitListeners();
            }
            Optional<RuntimeException> missing = missing(executors);
            if (missing.isEmpty()) {
                return executors;
            }
            if (late) {
                return counts.stream().filter(this::has).findFirst().orElseThrow(missing::get);
            }
            if (System.nanoTime() > next) {
                ask(executors);
                next = System.nanoTime() + ASK.toNanos();
            }
            Thread.sleep(POLL.toMillis());
        }
    }

    private boolean has(int executors) {
        return missing(executors).isEmpty();
    }

    /** Spark's standalone master looks for a place for the executors of a lost worker only when it is asked for some. */
    private void ask(int executors) {
        if (spark.master().startsWith(STANDALONE)) {
            scheduler.request(executors);
        }
    }

    /**
     * Whether more executors have come.
     *
     * @param counts as of {@link #await}
     * @param than how many a run has, one of the counts
     */
    boolean hasMore(List<Integer> counts, int than) {
        if (isLocal() || counts.get(0) == than) {
            return false;
        }
        ask(counts.get(0));
        return counts.stream().anyMatch(count -> count > than && has(count));
    }

    private void requireSlots(int executors) {
        int slots = scheduler.slots();
        if (slots < executors) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "training.executors is %d but the master %s runs %d tasks at a time (spark.task.cpus is %d)",
                    executors,
                    spark.master(),
                    slots,
                    spark.conf().getInt(TASK_CPUS, 1)));
        }
    }

    /** @throws UserException when Spark's settings never give a cluster so many executors */
    static void requirePossible(int executors, SparkConf conf) {
        String master = conf.get("spark.master");
        if (conf.getBoolean("spark.dynamicAllocation.enabled", false)) {
            throw new UserException(
                    "training needs executors that stay: spark.dynamicAllocation.enabled is true, set it to false and spark.executor.instances to "
                            + executors);
        }
        if (master.startsWith(STANDALONE) && conf.contains(MAX_CORES)) {
            int most = conf.getInt(MAX_CORES, 0) / conf.getInt(CORES, 1);
            if (most < executors) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "training.executors is %d but Spark may start only %s: %s is %s%s",
                        executors,
                        executors(most),
                        MAX_CORES,
                        conf.get(MAX_CORES),
                        conf.contains(CORES) ? String.format(Locale.ROOT, ", %s is %s", CORES, conf.get(CORES)) : ""));
            }
        }
        if (conf.contains(CORES) && conf.getInt(TASK_CPUS, 1) > conf.getInt(CORES, 1)) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "no executor has room for a task: %s is %s, %s is %s",
                    TASK_CPUS,
                    conf.get(TASK_CPUS),
                    CORES,
                    conf.get(CORES)));
        }
        boolean asks = master.equals("yarn") || master.startsWith("k8s://");
        int asked = conf.getInt(INSTANCES, DEFAULT_INSTANCES);
        if (asks && asked < executors) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "training.executors is %d but Spark asks for %s: set spark.executor.instances (on YARN --num-executors) to %d",
                    executors,
                    executors(asked),
                    executors));
        }
    }

    /** Barrier tasks start together or not at all; a task that waits for its favorite host would abort the stage. */
    void disableLocalityWait() {
        spark.conf().set("spark.locality.wait", "0s");
    }

    /** Cores that each of so many ranks has. */
    int coresPerRank(int ranks) {
        boolean told = spark.conf().contains(TASK_CPUS);
        int cpus = spark.conf().getInt(TASK_CPUS, 1);
        return isLocal() && !told ? Math.max(cpus, scheduler.slots() / ranks) : cpus;
    }

    void cancel(String jobGroup) {
        if (!spark.isStopped()) {
            spark.cancelJobGroup(jobGroup);
        }
    }

    /** Waits until listeners know what has happened so far. */
    void awaitListeners() {
        try {
            scheduler.awaitListeners(LISTENERS);
        } catch (TimeoutException e) {
            LOG.warn("Spark's listeners are behind: the reason of a failure may be missing");
        }
    }

    private Optional<RuntimeException> missing(int executors) {
        // The driver is one of them.
        int there = spark.statusTracker().getExecutorInfos().length - 1;
        if (there < executors) {
            return Optional.of(new MissingExecutorsException(String.format(
                    Locale.ROOT, "training.executors is %d but the cluster has %s", executors, executors(there))));
        }
        int slots = scheduler.slots();
        return slots >= executors
                ? Optional.empty()
                : Optional.of(new UserException(String.format(
                        Locale.ROOT,
                        "training.executors is %d but the cluster's %s run only %d tasks at a time: spark.task.cpus is %d, more than an executor's cores",
                        executors,
                        executors(there),
                        slots,
                        spark.conf().getInt(TASK_CPUS, 1))));
    }

    private static String executors(int count) {
        return count + (count == 1 ? " executor" : " executors");
    }
}
