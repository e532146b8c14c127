package org.sftn.train.spark;

import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** A value that tasks use; it is gone from the executors when this is closed. */
public final class ClosableBroadcast<T> implements AutoCloseable {
    private final JavaSparkContext spark;
    private final Broadcast<T> value;

    public ClosableBroadcast(JavaSparkContext spark, T value) {
        this.spark = spark;
        this.value = spark.broadcast(value);
    }

    /** For tasks. */
    public Broadcast<T> value() {
        return value;
    }

    @Override
    public void close() {
        // A Spark that has stopped would throw, which would hide why it stopped.
        if (!spark.sc().isStopped()) {
            value.destroy();
        }
    }
}
