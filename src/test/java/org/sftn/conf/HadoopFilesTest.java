package org.sftn.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.ObjectStore;

class HadoopFilesTest {
    @TempDir
    private java.nio.file.Path folder;

    private FileSystem files;
    private java.nio.file.Path file;
    private Path path;

    @BeforeEach
    void open() throws IOException {
        files = FileSystem.getLocal(new Configuration());
        file = folder.resolve("a at 12 b.txt");
        path = new Path(file.toUri());
    }

    private void write(String text) throws IOException {
        HadoopFiles.write(files, path, true, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    private String reasonOfReading() {
        return HadoopFiles.reason(catchThrowable(() -> {
            try (FSDataInputStream in = files.open(path)) {
                in.readAllBytes();
            }
        }));
    }

    @Test
    void aFileIsWritten() throws IOException {
        write("text");
        assertThat(file).hasContent("text");
    }

    @Test
    void aFileThatMayNotBeReplacedStays() throws IOException {
        write("text");
        assertThatThrownBy(() -> HadoopFiles.write(files, path, false, out -> out.write('x')))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot be written: ");
        assertThat(file).hasContent("text");
    }

    @ParameterizedTest
    @ValueSource(strings = {"file", ObjectStore.SCHEME})
    void aFileIsReplacedWholeOrStays(String scheme) throws IOException {
        Path there = new Path(scheme + ":" + folder.resolve("below/file"));
        Configuration hadoop = new Configuration();
        HadoopFiles.replace(there, hadoop, out -> out.write("old".getBytes(StandardCharsets.UTF_8)));
        assertThatThrownBy(() -> HadoopFiles.replace(there, hadoop, out -> {
                    out.write("new".getBytes(StandardCharsets.UTF_8));
                    throw new IOException("broken");
                }))
                .isInstanceOf(IOException.class)
                .hasMessageEndingWith("cannot be written: broken");
        assertThat(folder.resolve("below/file")).hasContent("old");
        HadoopFiles.replace(there, hadoop, out -> {
            out.write("new".getBytes(StandardCharsets.UTF_8));
            assertThat(folder.resolve("below/file")).hasContent("old");
        });
        assertThat(folder.resolve("below/file")).hasContent("new");
        assertThat(folder.resolve("below/file.unfinished")).doesNotExist();
    }

    @Test
    void theChecksumThatDisagreesIsNamed() throws IOException {
        String message = String.format(
                Locale.ROOT,
                "file:%s does not agree with its checksum file:%s/.a at 12 b.txt.crc: one of the two is damaged; delete the checksum if you changed the file yourself",
                file,
                folder);
        write("some text");
        Files.writeString(file, "SOME text");
        assertThat(reasonOfReading()).as("changed").isEqualTo(message);
        write("x".repeat(512));
        Files.writeString(file, "more", StandardOpenOption.APPEND);
        assertThat(reasonOfReading()).as("longer").isEqualTo(message);
        write("some text");
        java.nio.file.Path checksum = folder.resolve(".a at 12 b.txt.crc");
        byte[] bytes = Files.readAllBytes(checksum);
        Files.write(checksum, Arrays.copyOf(bytes, bytes.length - 1));
        assertThat(reasonOfReading()).as("a checksum that was cut").isEqualTo(message);
    }

    @Test
    void otherFileSystemsHaveNoHiddenChecksums() {
        assertThat(HadoopFiles.reason(new ChecksumException("Checksum error: hdfs://h/x at 0 exp: 1 got: 2", 0)))
                .isEqualTo("a file is damaged: Checksum error: hdfs://h/x at 0 exp: 1 got: 2");
        assertThat(HadoopFiles.reason(new ChecksumException("Block is corrupt", 0)))
                .isEqualTo("a file is damaged: Block is corrupt");
    }

    @Test
    void aFileThatCannotBeWrittenIsNamedAndGone() {
        assertThatThrownBy(() -> HadoopFiles.write(files, path, true, out -> {
                    out.write(1);
                    throw new IOException("No space left on device");
                }))
                .isInstanceOf(IOException.class)
                .hasMessage("file:" + file + " cannot be written: No space left on device");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void whatCannotBeSaidOfItIsThrownAsItIs() {
        UserException mistake = new UserException("no such network");
        assertThatThrownBy(() -> HadoopFiles.write(files, path, true, out -> {
                    out.write(1);
                    throw mistake;
                }))
                .isSameAs(mistake);
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aFileThatIsThereStays() throws IOException {
        write("precious");
        assertThatThrownBy(() -> HadoopFiles.write(files, path, false, out -> out.write(1)))
                .isInstanceOf(IOException.class);
        assertThat(file).hasContent("precious");
    }
}
