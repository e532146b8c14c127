package org.sftn.data.task;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkJobInfo;
import org.apache.spark.SparkStageInfo;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.sftn.conf.Cause;

/**
 * Waits for a Spark job and says every few seconds how many of its tasks are done.
 *
 * @param what they work on, such as a split
 * @param made what a task makes one of, in the plural
 * @param all that are to be made
 * @param before that had been made when the job began
 * @param out takes the lines
 */
public record TaskProgress(JavaSparkContext spark, String what, String made, int all, int before, PrintStream out) {
    private static final Duration INTERVAL = Duration.ofSeconds(5);

    /** Cancels the job when it is interrupted. */
    public <T> T await(JavaFutureAction<T> job) throws IOException, InterruptedException {
        long start = System.nanoTime();
        try {
            while (true) {
                try {
                    return job.get(INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    say(job, start);
                }
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            Throwable why = Objects.requireNonNullElse(e.getCause(), e);
            throw new IOException("the " + made + " cannot be written: " + Cause.of(why), why);
        } catch (InterruptedException e) {
            job.cancel(true);
            throw e;
        }
    }

    private void say(JavaFutureAction<?> job, long start) {
        int done = 0;
        for (int id : job.jobIds()) {
            SparkJobInfo info = spark.statusTracker().getJobInfo(id);
            for (int stage : info == null ? new int[0] : info.stageIds()) {
                SparkStageInfo tasks = spark.statusTracker().getStageInfo(stage);
                done += tasks == null ? 0 : tasks.numCompletedTasks();
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        String left = done == 0
                ? ""
                : String.format(Locale.ROOT, ", left %d s", Math.round(seconds * (all - before - done) / done));
        out.printf(Locale.ROOT, "%s: %,d of %,d %s, %.0f s%s%n", what, before + done, all, made, seconds, left);
    }
}
