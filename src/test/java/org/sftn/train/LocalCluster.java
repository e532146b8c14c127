package org.sftn.train;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;

/** A Spark master and workers in this process whose executors are processes of one core each, on loopback. */
final class LocalCluster implements AutoCloseable {
    private static final String TESTING = "spark.testing";
    private static final String TEST_HOME = "spark.test.home";

    private final SparkSession spark;

    private LocalCluster(SparkSession spark) {
        this.spark = spark;
    }

    /**
     * @param home an empty folder that may serve as Spark's home
     * @param more settings
     */
    static LocalCluster start(int executors, Path home, Map<String, String> more) throws IOException {
        // All that Spark's launcher looks for; the class path comes from here.
        Files.createDirectories(home.resolve("jars"));
        Files.createDirectories(home.resolve("launcher/target/scala-2.11"));
        System.setProperty(TESTING, "true");
        System.setProperty(TEST_HOME, home.toString());
        String openings = ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("--add-opens"))
                .collect(Collectors.joining(" "));
        SparkSession.Builder builder = SparkSession.builder()
                .master("local-cluster[" + executors + ",1,1024]")
                .config("spark.ui.enabled", false)
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                .config("spark.executor.extraJavaOptions", openings);
        more.forEach(builder::config);
        return new LocalCluster(builder.getOrCreate());
    }

    SparkSession spark() {
        return spark;
    }

    @Override
    public void close() {
        spark.stop();
        System.clearProperty(TESTING);
        System.clearProperty(TEST_HOME);
    }
}
