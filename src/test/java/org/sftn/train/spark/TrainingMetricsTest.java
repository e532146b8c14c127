package org.sftn.train.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.LocalSpark;
import org.sftn.train.progress.TrainingProgress;

class TrainingMetricsTest {
    @TempDir
    private Path folder;

    @Test
    void prometheusReadsThemFromTheFileOfASinkOfSpark() throws Exception {
        Path file = folder.resolve("sftn.prom");
        Map<String, String> sink = Map.of(
                "spark.metrics.namespace",
                "nightly \"a\"",
                "spark.metrics.conf.driver.sink.prometheus.class",
                PrometheusFile.class.getName(),
                "spark.metrics.conf.driver.sink.prometheus.file",
                file.toString(),
                "spark.metrics.conf.driver.sink.prometheus.period",
                "1");
        try (JavaSparkContext spark = LocalSpark.start(1, sink)) {
            assertThat(spark.sc().isLocal()).isTrue();
            try (TrainingMetrics metrics = TrainingMetrics.register()) {
                assertThat(await(file, "sftn_loss"))
                        .containsExactly("sftn_loss{application=\"nightly \\\"a\\\"\"} NaN");
                metrics.say(new TrainingProgress(
                        2,
                        3,
                        40,
                        60,
                        0.1,
                        1.5,
                        Map.of("ce", 1.5),
                        0.25,
                        100,
                        Map.of(
                                "data_wait_share",
                                0.01,
                                "exchange_share",
                                0.02,
                                "step_milliseconds",
                                80.5,
                                "longest_step_milliseconds",
                                90.0),
                        12,
                        1,
                        2,
                        1));
                assertThat(await(file, "sftn_[a-z0-9_]+\\{.* [0-9]"))
                        .hasSize(16)
                        .anyMatch(line -> line.endsWith("} 1.5"));
                // Spark's own, beside ours.
                assertThat(await(file, "BlockManager_")).isNotEmpty();
            }
            while (Files.readString(file).contains("sftn_")) {
                Thread.sleep(20);
            }
        }
    }

    /** The lines of the file that begin so, when there are any. */
    private static List<String> await(Path file, String start) throws IOException, InterruptedException {
        while (true) {
            if (Files.exists(file)) {
                List<String> lines = Files.readAllLines(file).stream()
                        .filter(line -> line.matches(start + ".*"))
                        .toList();
                if (!lines.isEmpty()) {
                    return lines;
                }
            }
            Thread.sleep(20);
        }
    }
}
