package org.sftn.train.spark;

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;

/** What Spark's scheduler knows, and does not say by its public interface. */
public final class SparkScheduler {
    private static final String SLOTS = "maxNumConcurrentTasks";

    private final SparkContext spark;

    public SparkScheduler(SparkContext spark) {
        this.spark = spark;
    }

    /** Tasks that run at a time. Since Spark 3.1 its method wants the profile of the tasks, here that of all that do not ask for another. */
    public int slots() {
        try {
            Method method = Arrays.stream(SparkContext.class.getMethods())
                    .filter(each -> each.getName().equals(SLOTS))
                    .findFirst()
                    .orElseThrow(() -> new NoSuchMethodException(SLOTS));
            if (method.getParameterCount() == 0) {
                return (int) method.invoke(spark);
            }
            Object profiles =
                    SparkContext.class.getMethod("resourceProfileManager").invoke(spark);
            Object profile =
                    profiles.getClass().getMethod("defaultResourceProfile").invoke(profiles);
            return (int) method.invoke(spark, profile);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "Spark " + spark.version() + " does not say how many tasks it runs at a time", e);
        }
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
