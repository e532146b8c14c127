package org.sftn.conf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;

class CauseTest {
    private static final String TRACE =
            "\n\tat org.sftn.X.y(X.java:1)\n\tat java.Z\nCaused by: java.io.IOException: inner\n\t... 2 more";

    @Test
    void stackTracesInMessagesAreLeftOut() {
        assertThat(Cause.of(new IllegalStateException("rank 0 failed: java.io.IOException: full" + TRACE)))
                .isEqualTo("rank 0 failed: java.io.IOException: full");
        assertThat(Cause.of(new RuntimeException(
                        "Stage failed: task 3 unsuccessful.\nExecutorLostFailure: killed\n\nDriver stacktrace:")))
                .isEqualTo(
                        "java.lang.RuntimeException: Stage failed: task 3 unsuccessful. ExecutorLostFailure: killed");
    }

    @Test
    void theInnermostCauseIsAddedUnlessItWasSaid() {
        IOException full = new IOException("No space left on device");
        assertThat(Cause.of(new UncheckedIOException("the data set cannot be written: No space left on device", full)))
                .isEqualTo("the data set cannot be written: No space left on device");
        assertThat(Cause.of(new RuntimeException("attempt 3", new RuntimeException("job 2", full))))
                .isEqualTo("java.lang.RuntimeException: attempt 3: java.io.IOException: No space left on device");
        assertThat(Cause.of(new RuntimeException("attempt 3", new NullPointerException())))
                .isEqualTo("java.lang.RuntimeException: attempt 3: java.lang.NullPointerException");
    }

    @Test
    void ofOurOwnTheMessageIsEnough() {
        assertThat(Cause.of(new UserException("seed is 'x'"))).isEqualTo("seed is 'x'");
    }

    @Test
    void passwordsAreHidden() {
        assertThat(Cause.of(new IOException("s3://me:secret@bucket is away")))
                .isEqualTo("java.io.IOException: s3://(hidden)@bucket is away");
    }
}
