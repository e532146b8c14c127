package org.sftn.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HadoopPathTest {
    private static final Configuration HADOOP = new Configuration();

    @ParameterizedTest
    @ValueSource(strings = {"/data/中文", "/data/été #1 100% 'a' \"b\" $HOME", "/data/a?b", "/data/a\\b"})
    void anyCharacterIsLeftAsItIs(String path) {
        assertThat(HadoopPath.of("data.path", path, HADOOP).toUri().getPath()).isEqualTo(path);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/data/a:b", "file:/data/a:b", "hdfs://127.0.0.1:1/a:b", "runs/12:30"})
    void aColonIsRefused(String path) {
        assertThatThrownBy(() -> HadoopPath.of("--out", path, HADOOP))
                .isInstanceOf(UserException.class)
                .hasMessage("--out cannot be '%s': Hadoop can hold no colon in a file's name", path);
        assertThatThrownBy(() -> HadoopPath.in(new Path("/data"), "prepare.image-folder.train", "a:b", HADOOP))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("prepare.image-folder.train cannot be 'a:b': ");
    }

    @ParameterizedTest
    @CsvSource({
        "ANSI_X3.4-1968, /data/??????",
        "ANSI_X3.4-1968, /data/été",
        "ISO-8859-1, /data/été",
        "unknown, /data/été"
    })
    void whatTheLocaleCannotHoldIsRefused(String encoding, String path) {
        assertThatThrownBy(() -> HadoopPath.requireDecoded("--out", path, encoding))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "--out cannot be '%s': this JVM's locale is of %s, which cannot hold all names; set the environment's LC_ALL to C.UTF-8",
                        path, encoding);
    }

    @Test
    void bytesThatAreNotUtf8AreRefused() {
        assertThatThrownBy(() -> HadoopPath.requireDecoded("--out", "/caf\uFFFD", "UTF-8"))
                .isInstanceOf(UserException.class)
                .hasMessage("--out cannot be '/caf\uFFFD': it holds bytes that are not UTF-8");
    }

    @Test
    void aFileSystemWithoutItsJarsIsAMistake() {
        Configuration hadoop = new Configuration();
        hadoop.set("fs.missing.impl", "org.example.MissingFileSystem");
        assertThatThrownBy(() -> HadoopPath.of("--out", "missing://bucket/out", hadoop))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith(
                        "--out cannot be 'missing://bucket/out': the Spark home has not all jars of this file system (")
                .hasMessageContaining("org.example.MissingFileSystem");
    }

    @Test
    void asciiIsHeldByAll() {
        assertThatCode(() -> HadoopPath.requireDecoded("--out", "/data/a b", "ANSI_X3.4-1968"))
                .doesNotThrowAnyException();
    }
}
