package org.sftn.data.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.TestJvm;

class ShardFileTest {
    @TempDir
    private Path folder;

    /** Writes two images and prints the shard's SHA-256. */
    static final class Written {
        private Written() {}

        public static void main(String[] arguments) throws IOException {
            for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
                // The identity hash codes of what comes later are others then.
                System.identityHashCode(new Object());
            }
            Configuration hadoop = new Configuration();
            ShardFile.Writer writer =
                    new ShardFile.Writer(new org.apache.hadoop.fs.Path("file:" + arguments[0]), hadoop);
            writer.write(1, "one", new byte[] {1, 2, 3});
            writer.write(2, "two", new byte[] {4, 5});
            writer.close();
            System.out.println("sha256 " + writer.written().sha256());
        }
    }

    /** A set of two in the order of identity hash codes: one process in two has the other order. */
    @Test
    void everyProcessWritesTheSameBytes() throws Exception {
        TreeSet<String> written = new TreeSet<>();
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            processes.add(start(i));
        }
        for (Process process : processes) {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(TestJvm.HANGS.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
            assertThat(said).contains("sha256 ");
            written.add(said.substring(said.indexOf("sha256 ")).strip());
        }
        assertThat(written).hasSize(1);
    }

    private Process start(int hashCodesBefore) throws IOException {
        List<String> command = TestJvm.command();
        command.addAll(TestJvm.SHORT_LIVED);
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                Written.class.getName(),
                folder.resolve("shard" + hashCodesBefore).toString(),
                String.valueOf(hashCodesBefore)));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }
}
