package org.sftn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RetriesTest {
    private final Retries retries = new Retries(3, Duration.ofHours(1));

    private final MissingExecutorsException missing =
            new MissingExecutorsException("training.executors is 2 but the cluster has 0 executors");

    @AfterEach
    void forgetTheInterruption() {
        Thread.interrupted();
    }

    /** An interrupted thread that waits says so at once. */
    @Test
    void theNextAttemptWaitsForStorage() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> retries.failed(new IOException("no space left on device")))
                .isInstanceOf(InterruptedException.class);
    }

    @Test
    void theNextAttemptWaitsForExecutors() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> retries.missing(missing)).isInstanceOf(InterruptedException.class);
        assertThat(retries.restarts()).as("nothing has begun").isZero();
    }

    @Test
    void executorsThatNeverComeEndTheRunWithoutALastWait() throws Exception {
        Retries soon = new Retries(3, Duration.ZERO);
        for (int attempt = 1; attempt < 3; attempt++) {
            soon.begin(0);
            soon.missing(missing);
        }
        soon.begin(0);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> soon.missing(missing))
                .isInstanceOf(TrainingFailedException.class)
                .hasMessage(missing.getMessage() + "; they were waited for 3 times (training.attempts)");
    }

    @Test
    void waitingForExecutorsIsNoFailedAttempt() throws Exception {
        Retries soon = new Retries(2, Duration.ZERO);
        soon.begin(0);
        soon.missing(missing);
        soon.begin(0);
        soon.found();
        soon.failed(new IllegalStateException("rank 0 failed"));
        soon.begin(0);
        soon.missing(missing);
        soon.begin(0);
        soon.found();
        soon.failed(new IllegalStateException("rank 0 failed"));
        assertThatThrownBy(() -> soon.begin(0)).isInstanceOf(TrainingFailedException.class);
    }

    @Test
    void nothingIsWaitedForAfterTheLastAttempt() throws Exception {
        Retries once = new Retries(1, Duration.ofHours(1));
        once.begin(0);
        Thread.currentThread().interrupt();
        once.failed(new IOException("no space left on device"));
        assertThatThrownBy(() -> once.begin(0)).isInstanceOf(TrainingFailedException.class);
    }

    @Test
    void theNextAttemptBeginsAtOnceAfterALostExecutor() throws Exception {
        Thread.currentThread().interrupt();
        retries.failed(new IllegalStateException("rank 0 failed"));
        assertThat(retries.restarts()).isEqualTo(1);
    }
}
