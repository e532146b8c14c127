package org.sftn.train;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.sftn.TestJvm;
import org.sftn.TestProperties;

/**
 * A Spark master and workers in this process whose executors are processes of one core each, on loopback. As on a real cluster
 * our classes reach them in a jar, so that Spark's own class loader does not know them.
 */
final class LocalCluster implements AutoCloseable {
    private static final String CLASS_PATH = "java.class.path";
    private static final String BIGDL = "bigdl-with-scala";

    private final JavaSparkContext spark;
    private final TestProperties testing;

    private LocalCluster(JavaSparkContext spark, TestProperties testing) {
        this.spark = spark;
        this.testing = testing;
    }

    /**
     * @param home an empty folder that may serve as Spark's home
     * @param more settings
     */
    static LocalCluster start(int executors, Path home, Map<String, String> more) throws IOException {
        // All that Spark's launcher looks for; the class path comes from here.
        Files.createDirectories(home.resolve("jars"));
        Files.createDirectories(home.resolve("launcher/target/scala-2.13"));
        Path jar = home.resolve("job.jar");
        TestProperties testing =
                TestProperties.with(Map.of("spark.testing", "true", "spark.test.home", home.toString()));
        String options = String.join(" ", TestJvm.SHORT_LIVED);
        // In testing, Spark gives executors the class path of this process.
        try (TestProperties ofExecutors =
                TestProperties.with(Map.of(CLASS_PATH, jarOurClasses(jar, System.getProperty(CLASS_PATH))))) {
            SparkConf conf = new SparkConf()
                    .setAppName("test")
                    .set("spark.jars", jar.toUri().toString())
                    .setMaster("local-cluster[" + executors + ",1,1024]")
                    .set("spark.ui.enabled", "false")
                    .set("spark.driver.host", "127.0.0.1")
                    .set("spark.driver.bindAddress", "127.0.0.1")
                    .set("spark.executor.extraJavaOptions", options);
            more.forEach(conf::set);
            return new LocalCluster(new JavaSparkContext(conf), testing);
        } catch (IOException | RuntimeException e) {
            testing.close();
            throw e;
        }
    }

    /** Puts the class path's folders, and the module that refers to them, into a jar and returns the rest of the class path. */
    private static String jarOurClasses(Path jar, String classPath) throws IOException {
        List<String> libraries = new ArrayList<>();
        Set<String> written = new HashSet<>();
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
            for (String entry : classPath.split(File.pathSeparator)) {
                Path path = Path.of(entry);
                if (Files.isDirectory(path)) {
                    copy(path, out, written);
                } else if (path.getFileName().toString().startsWith(BIGDL)) {
                    try (FileSystem zip = FileSystems.newFileSystem(path)) {
                        copy(zip.getPath("/"), out, written);
                    }
                } else {
                    libraries.add(entry);
                }
            }
        }
        if (written.isEmpty()) {
            throw new IllegalStateException("the class path holds no folder of classes");
        }
        return String.join(File.pathSeparator, libraries);
    }

    private static void copy(Path folder, ZipOutputStream out, Set<String> written) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = folder.relativize(file).toString();
                if (written.add(name)) {
                    out.putNextEntry(new ZipEntry(name));
                    Files.copy(file, out);
                }
            }
        }
    }

    JavaSparkContext spark() {
        return spark;
    }

    @Override
    public void close() {
        spark.stop();
        testing.close();
    }
}
