package org.sftn.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.jar.JarOutputStream;
import org.sftn.TestJvm;

/**
 * The Spark home of the build, with the class path of the tests in place of the job jar, which is packaged after them.
 *
 * @param conf a folder with its configuration
 */
record SparkHome(Path home, Path conf) {
    static SparkHome withClassPathOfTests(Path conf) throws IOException {
        Path home = Path.of(System.getenv("SPARK_HOME"));
        Files.createDirectories(conf);
        Files.writeString(
                conf.resolve("spark-defaults.conf"),
                Files.readString(home.resolve("conf/spark-defaults.conf"))
                                .replaceAll("(?m)^spark.driver.memory .*$", "spark.driver.memory 1g")
                        + String.format(Locale.ROOT, """

                        spark.task.cpus 1
                        spark.driver.extraClassPath %s
                        spark.ui.enabled false
                        spark.driver.host 127.0.0.1
                        """, System.getProperty("java.class.path")));
        Files.copy(home.resolve("conf/log4j2.properties"), conf.resolve("log4j2.properties"));
        return new SparkHome(home, conf);
    }

    /** What stands where a job jar is asked for. */
    static void emptyJar(Path jar) throws IOException {
        new JarOutputStream(Files.newOutputStream(jar)).close();
    }

    /** @param command starts with {@code spark-submit} */
    Ran run(List<String> command) throws IOException, InterruptedException {
        List<String> here = new ArrayList<>(command);
        here.set(0, home.resolve("bin/spark-submit").toString());
        Map<String, String> environment = new HashMap<>(TestJvm.shortLived());
        environment.put("SPARK_CONF_DIR", conf.toString());
        return Ran.of(here, environment);
    }
}
