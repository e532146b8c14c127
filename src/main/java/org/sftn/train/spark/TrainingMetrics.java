package org.sftn.train.spark;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.ToDoubleFunction;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.source.Source;
import org.sftn.train.progress.TrainingProgress;
import org.sftn.train.quantity.StepQuantity;

/**
 * How training goes, for every sink of Spark's metrics system, as {@code sftn.NAME} of the driver: the numbers of {@link
 * TrainingProgress}; not a number until there are some.
 */
public final class TrainingMetrics implements Source, AutoCloseable {
    private final MetricRegistry registry = new MetricRegistry();
    private final AtomicReference<TrainingProgress> latest = new AtomicReference<>();

    private TrainingMetrics() {
        gauge("epoch", TrainingProgress::epoch);
        gauge("epochs", TrainingProgress::epochs);
        gauge("iteration", TrainingProgress::iteration);
        gauge("iterations", TrainingProgress::iterations);
        gauge("learning_rate", TrainingProgress::learningRate);
        gauge("loss", TrainingProgress::loss);
        gauge("top1", progress -> progress.top1() == null ? Double.NaN : progress.top1());
        gauge("images_per_second", TrainingProgress::imagesPerSecond);
        for (StepQuantity quantity : StepQuantity.values()) {
            gauge(quantity.column(), progress -> progress.quantities().getOrDefault(quantity.column(), Double.NaN));
        }
        gauge("seconds_left", TrainingProgress::secondsLeft);
        gauge("restarts", TrainingProgress::restarts);
        gauge("executors", TrainingProgress::executors);
        gauge("missing_executors", TrainingProgress::missingExecutors);
    }

    /** Until it is closed. */
    public static TrainingMetrics register() {
        TrainingMetrics metrics = new TrainingMetrics();
        SparkEnv.get().metricsSystem().registerSource(metrics);
        return metrics;
    }

    private void gauge(String name, ToDoubleFunction<TrainingProgress> value) {
        registry.register(name, (Gauge<Double>) () -> {
            TrainingProgress progress = latest.get();
            return progress == null ? Double.NaN : value.applyAsDouble(progress);
        });
    }

    public void say(TrainingProgress progress) {
        latest.set(progress);
    }

    @Override
    public String sourceName() {
        return "sftn";
    }

    @Override
    public MetricRegistry metricRegistry() {
        return registry;
    }

    @Override
    public void close() {
        // Spark may have been stopped meanwhile.
        if (SparkEnv.get() != null) {
            SparkEnv.get().metricsSystem().removeSource(this);
        }
    }
}
