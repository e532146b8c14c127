package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** How a driver inside YARN's application master ends. */
class YarnDriverTest {
    @Test
    void itReturnsWhenAllIsDone() {
        assertThatCode(() -> YarnDriver.run("list")).doesNotThrowAnyException();
    }

    @Test
    void itThrowsTheExitCodeAndTheReason() {
        assertThatThrownBy(() -> YarnDriver.run("distil"))
                .isInstanceOf(JobFailedException.class)
                .hasMessage("exit code 1: there is no job 'distil'");
        assertThatThrownBy(() -> YarnDriver.run("teacher", "--out=x", "--set=training.epoch=3"))
                .isInstanceOf(JobFailedException.class)
                .hasMessageStartingWith("exit code 2: ")
                .hasMessageContaining("training.epoch");
    }
}
