package org.sftn.job;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The driver inside YARN's application master ({@code --deploy-mode cluster}). Spark counts an application as failed whose driver
 * calls {@code System.exit}, whatever the code: a driver succeeds when it returns, and what it throws is what YARN and
 * spark-submit say of it.
 */
final class YarnDriver {
    private YarnDriver() {}

    /** By what Spark's application master sets before it calls the main class. */
    static boolean isHere() {
        return "yarn".equals(System.getProperty("spark.master"))
                && "cluster".equals(System.getProperty("spark.submit.deployMode"));
    }

    /** @throws JobFailedException unless the exit code is 0 */
    static void run(String... args) {
        AtomicReference<String> why = new AtomicReference<>("see the driver's log");
        int code = Main.run(
                System.out,
                System.err,
                Traces.inTheLog(),
                error -> {
                    why.set(error);
                    System.err.println("error: " + error);
                },
                args);
        if (code != Shell.DONE) {
            throw new JobFailedException(code, Objects.requireNonNull(why.get()));
        }
    }
}
