package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.spark.util.SparkUncaughtExceptionHandler;
import org.junit.jupiter.api.Test;
import org.sftn.TestJvm;

class InterruptionTest {
    /** A process that Spark ends, as it does where an error comes up in code of its own. */
    static final class Ended {
        private Ended() {}

        public static void main(String[] args) {
            Interruption.watch(Traces.inTheLog()).advise("continue with --resume");
            new SparkUncaughtExceptionHandler(true)
                    .uncaughtException(Thread.currentThread(), new OutOfMemoryError("Java heap space"));
        }
    }

    @Test
    void theEndOfAProcessBySparkIsNotCalledASignal() throws Exception {
        List<String> command = TestJvm.command();
        command.addAll(TestJvm.SHORT_LIVED);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Ended.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).isEqualTo(52);
        assertThat(said)
                .contains("java.lang.OutOfMemoryError: Java heap space")
                .contains("ended by Spark: continue with --resume")
                .doesNotContain("signal");
    }
}
