package org.sftn.train.spark;

import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;
import scala.collection.immutable.Map$;

/** What Spark's scheduler knows, and does not say by its public interface. */
public final class SparkScheduler {
    private final SparkContext spark;

    public SparkScheduler(SparkContext spark) {
        this.spark = spark;
    }

    /** Tasks that run at a time. */
    public int slots() {
        return spark.maxNumConcurrentTasks(spark.resourceProfileManager().defaultResourceProfile());
    }

    /** Asks for so many executors in all, those that are there included. */
    public void request(int executors) {
        spark.requestTotalExecutors(executors, 0, Map$.MODULE$.empty());
    }

    /**
     * Waits until listeners know what has happened so far.
     *
     * @throws TimeoutException when they do not after that time
     */
    public void awaitListeners(Duration timeout) throws TimeoutException {
        if (!spark.isStopped()) {
            spark.listenerBus().waitUntilEmpty(timeout.toMillis());
        }
    }
}
