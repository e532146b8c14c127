package org.sftn.conf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CauseTest {
    private static final String TRACE =
            "\n\tat org.sftn.X.y(X.java:1)\n\tat java.Z\nCaused by: java.io.IOException: inner\n\t... 2 more";

    @Test
    void stackTracesInMessagesAreLeftOut() {
        assertThat(Cause.of(new IllegalStateException("rank 0 failed: java.io.IOException: full" + TRACE)))
                .isEqualTo("rank 0 failed: java.io.IOException: full");
        assertThat(Cause.of(new RuntimeException(
                        "Stage failed: task 3 unsuccessful.\nExecutorLostFailure: killed\n\nDriver stacktrace:")))
                .isEqualTo("Stage failed: task 3 unsuccessful. ExecutorLostFailure: killed");
    }

    @Test
    void theInnermostCauseIsAddedUnlessItWasSaid() {
        IOException full = new IOException("No space left on device");
        assertThat(Cause.of(new UncheckedIOException("the data set cannot be written: No space left on device", full)))
                .isEqualTo("the data set cannot be written: No space left on device");
        assertThat(Cause.of(new RuntimeException("attempt 3", new RuntimeException("job 2", full))))
                .isEqualTo("attempt 3: No space left on device");
        assertThat(Cause.of(new RuntimeException("attempt 3", new NullPointerException())))
                .isEqualTo("attempt 3: java.lang.NullPointerException");
    }

    /** As several versions of Spark say it. */
    @ParameterizedTest
    @CsvSource({
        "'(TID 7, node5, executor 2)', ' (on node5, executor 2)'",
        "'(TID 7, localhost, executor driver)', ''",
        "'(TID 7) (node5 executor 2)', ' (on node5, executor 2)'",
        "'(TID 7) (node5 executor driver)', ''"
    })
    void ofATaskItIsWhyItFailedAndWhere(String task, String where) {
        IOException failed = new IOException(
                "the shards cannot be written",
                new SparkException(
                        "Job aborted due to stage failure: Task 0 in stage 3.0 failed 4 times, most recent failure: Lost task 0.3 in stage 3.0 "
                                + task + ": java.io.IOException: x.parquet: No space left on device" + TRACE));

        assertThat(Cause.of(failed))
                .isEqualTo("the shards cannot be written: x.parquet: No space left on device" + where);
        assertThat(Cause.of(failed.getCause())).isEqualTo("x.parquet: No space left on device" + where);
    }

    @Test
    void aNameThatSaysSomethingStays() {
        assertThat(Cause.of(new IllegalArgumentException("x"))).isEqualTo("java.lang.IllegalArgumentException: x");
        assertThat(Cause.of(new IOException())).isEqualTo("java.io.IOException");
        assertThat(Cause.of(new IOException(""))).isEqualTo("java.io.IOException:");
    }

    @Test
    void ofOurOwnTheMessageIsEnough() {
        assertThat(Cause.of(new UserException("seed is 'x'"))).isEqualTo("seed is 'x'");
    }

    @Test
    void passwordsAreHidden() {
        assertThat(Cause.of(new IOException("s3://me:secret@bucket is away")))
                .isEqualTo("s3://(hidden)@bucket is away");
    }
}
