package org.sftn.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigFileTest {
    @TempDir
    Path folder;

    private org.apache.hadoop.fs.Path file(String text) throws IOException {
        return new org.apache.hadoop.fs.Path(
                Files.writeString(folder.resolve("x.conf"), text).toUri());
    }

    /** HOCON would take what is before the comment for the whole value, or say nothing of quotes. */
    @ParameterizedTest
    @CsvSource({
        "/data//images, /data//images",
        "b#c, b#c",
        "hdfs://node/images, hdfs://node/images",
        "'[a, s3a://bucket/x]', 's3a://bucket/x]'",
        "1#one, 1#one"
    })
    void aValueThatACommentCutsIsRefused(String value, String named) throws IOException {
        org.apache.hadoop.fs.Path file =
                file("# of http://example.com\nseed = 2\n\nprepare.input = " + value + " # here\n");

        assertThatThrownBy(() -> ConfigFile.read(file, new Configuration(false)))
                .isInstanceOf(UserException.class)
                .hasMessage("the configuration file " + file + " cannot be read: line 4 holds '" + named
                        + "', of which HOCON takes the end for a comment: put the value in quotes");
    }

    @Test
    void commentsAndQuotedValuesAreWhatTheyWere() throws IOException {
        String text = """
                // http://example.com "an open quote
                a = 1 // one
                b = "x//y#z \\" //w" # "
                c = [1, 2]// two
                d { e = 3 }# three
                f = \"""
                //g # "h" \"""
                i = ${a}//#
                """;

        assertThat(ConfigFile.read(file(text), new Configuration(false))
                        .resolve()
                        .root()
                        .unwrapped())
                .hasSize(6)
                .containsEntry("a", 1)
                .containsEntry("b", "x//y#z \" //w")
                .containsEntry("f", "\n//g # \"h\" ")
                .containsEntry("i", 1);
    }
}
