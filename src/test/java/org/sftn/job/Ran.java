package org.sftn.job;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.sftn.TestProperties;

/** What a job's command line left on the terminal. */
record Ran(int code, String out, String err) {
    /** Two tasks at a time, on loopback; an engine of one thread, since tests share the cores. */
    static final Map<String, String> SPARK = Map.of(
            "spark.master", "local[2]",
            "spark.task.cpus", "1",
            "spark.ui.enabled", "false",
            "spark.driver.host", "127.0.0.1",
            "spark.driver.bindAddress", "127.0.0.1");

    static Ran of(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code;
        try (TestProperties spark = TestProperties.with(SPARK)) {
            code = Main.run(print(out), print(err), arguments);
        }
        return new Ran(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private static PrintStream print(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }
}
