package org.sftn.train.spark;

import com.codahale.metrics.Counting;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Metric;
import com.codahale.metrics.MetricRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Properties;
import java.util.Timer;
import java.util.TimerTask;
import java.util.TreeMap;
import org.apache.spark.SecurityManager;
import org.apache.spark.metrics.sink.Sink;
import org.sftn.conf.UserException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sink of Spark's metrics system: all numbers of the driver in Prometheus' text format (version 0.0.4) in a local file, such as
 * one in the folder of the node exporter's textfile collector. The file is replaced as a whole. In spark-defaults.conf:
 *
 * <pre>
 * spark.metrics.conf.driver.sink.prometheus.class   org.sftn.train.spark.PrometheusFile
 * spark.metrics.conf.driver.sink.prometheus.file    /var/lib/prometheus/node-exporter/sftn.prom
 * spark.metrics.conf.driver.sink.prometheus.period  10
 * </pre>
 *
 * {@code period} is in seconds, 10 when it is left out. Spark puts the application's id, or {@code spark.metrics.namespace}, before
 * each name: here it becomes the label {@code application}.
 */
public final class PrometheusFile implements Sink {
    private static final Logger LOG = LoggerFactory.getLogger(PrometheusFile.class);
    private static final String DRIVER = ".driver.";

    private final Path file;
    private final Duration period;
    private final MetricRegistry registry;
    private final Timer timer = new Timer("prometheus-file", true);

    /** As Spark makes its sinks. */
    public PrometheusFile(Properties properties, MetricRegistry registry, SecurityManager security) {
        String name = properties.getProperty("file", "");
        if (name.isBlank()) {
            throw new UserException(
                    "the sink PrometheusFile has no file: set spark.metrics.conf.driver.sink.NAME.file");
        }
        this.file = Path.of(name).toAbsolutePath();
        this.period = Duration.ofSeconds(
                Long.parseLong(properties.getProperty("period", "10").strip()));
        this.registry = registry;
    }

    @Override
    public void start() {
        TimerTask task = new TimerTask() {
            @Override
            public void run() {
                report();
            }
        };
        timer.schedule(task, period.toMillis(), period.toMillis());
    }

    @Override
    public void stop() {
        timer.cancel();
    }

    @Override
    public synchronized void report() {
        try {
            Path unfinished = file.resolveSibling(file.getFileName() + ".unfinished");
            Files.writeString(unfinished, text());
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | RuntimeException e) {
            LOG.warn("{} cannot be written: {}", file, e.toString());
        }
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, Metric> metric : new TreeMap<>(registry.getMetrics()).entrySet()) {
            OptionalDouble value = value(metric.getValue());
            if (value.isPresent()) {
                int at = metric.getKey().indexOf(DRIVER);
                String name = metric.getKey().substring(at < 0 ? 0 : at + DRIVER.length());
                String application = at < 0 ? "" : metric.getKey().substring(0, at);
                text.append(prometheusName(name))
                        .append("{application=\"")
                        .append(application
                                .replace("\\", "\\\\")
                                .replace("\"", "\\\"")
                                .replace("\n", "\\n"))
                        .append("\"} ")
                        .append(value.getAsDouble())
                        .append('\n');
            }
        }
        return text.toString();
    }

    private static OptionalDouble value(Metric metric) {
        if (metric instanceof Gauge<?> gauge) {
            return gauge.getValue() instanceof Number number
                    ? OptionalDouble.of(number.doubleValue())
                    : OptionalDouble.empty();
        }
        return metric instanceof Counting counting ? OptionalDouble.of(counting.getCount()) : OptionalDouble.empty();
    }

    private static String prometheusName(String name) {
        String plain = name.replaceAll("[^A-Za-z0-9_:]", "_");
        return Character.isDigit(plain.charAt(0)) ? "_" + plain : plain;
    }
}
