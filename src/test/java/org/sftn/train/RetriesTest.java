package org.sftn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RetriesTest {
    private final Retries retries = new Retries(3, Duration.ofHours(1));

    static Exception[] whatMayPass() {
        return new Exception[] {
            new MissingExecutorsException("training.executors is 2 but the cluster has 0 executors"),
            new IOException("no space left on device")
        };
    }

    @AfterEach
    void forgetTheInterruption() {
        Thread.interrupted();
    }

    /** An interrupted thread that waits says so at once. */
    @ParameterizedTest
    @MethodSource("whatMayPass")
    void theNextAttemptWaitsForWhatMayPass(Exception failure) {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> retries.failed(failure)).isInstanceOf(InterruptedException.class);
    }

    @Test
    void theNextAttemptBeginsAtOnceAfterALostExecutor() throws Exception {
        Thread.currentThread().interrupt();
        retries.failed(new IllegalStateException("rank 0 failed"));
        assertThat(retries.restarts()).isEqualTo(1);
    }
}
