package org.sftn.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.conf.NativeCode.Candidate;

/** Which folder is chosen; folders that do not execute are tried by {@code UnusableFoldersTest}. */
class NativeCodeTest {
    @TempDir
    private Path folder;

    private Object user;
    private Path own;

    @BeforeEach
    void knowTheUser() throws IOException {
        user = Files.getAttribute(folder, "unix:uid");
        own = folder.resolve(".sftn-native-" + user);
    }

    @Test
    void theFirstFolderThatCanBeUsedIsChosen() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        assertThat(NativeCode.choose(List.of(
                        new Candidate(Path.of("/proc/sftn"), false),
                        new Candidate(file, false),
                        new Candidate(file.resolve("below"), false),
                        new Candidate(folder.resolve("missing"), true),
                        new Candidate(folder.resolve("made/for/it"), false),
                        new Candidate(folder, true))))
                .isEqualTo(folder.resolve("made/for/it"));
        assertThat(folder.resolve("made/for/it")).isEmptyDirectory();
        assertThat(own).doesNotExist();
    }

    @Test
    void aLinkToAFolderIsAFolder() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), Files.createDirectory(folder.resolve("there")));
        assertThat(NativeCode.choose(List.of(new Candidate(link, false)))).isEqualTo(link);
    }

    @Test
    void whereNoFolderCanBeUsedAllAreNamed() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        assertThatThrownBy(() -> NativeCode.choose(List.of(
                        new Candidate(file, false),
                        new Candidate(file.resolve("below"), false),
                        new Candidate(folder.resolve("missing"), true))))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "native libraries cannot be unpacked in %s (it is a file), %s (Not a directory), %s (there is no such folder): name a folder where files can be executed by the environment variable JAVA_TOOL_OPTIONS=-Dorg.bytedeco.javacpp.cachedir=FOLDER",
                        file, file.resolve("below"), folder.resolve("missing"));
    }

    @Test
    void inAFolderForAllTheLibrariesLieInOneThatOthersCannotWrite() throws IOException {
        assertThat(NativeCode.choose(List.of(new Candidate(folder, true)))).isEqualTo(own);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(own)))
                .isEqualTo("rwx------");
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).containsExactly(own);
        }
    }

    @Test
    void whatAnotherUserHasPutThereIsNotExecuted() throws IOException {
        assumeThat(user).as("only root can make files of others").isEqualTo(0);
        Files.createDirectory(own);
        Files.setAttribute(own, "unix:uid", 12345);
        List<Candidate> only = List.of(new Candidate(folder, true));
        String reason = folder + " (.sftn-native-0 in it belongs to another user)";
        assertThatThrownBy(() -> NativeCode.choose(only)).hasMessageContaining(reason);

        // Nor what another user's link leads to.
        Files.delete(own);
        Files.createSymbolicLink(own, Files.createDirectory(folder.resolve("mine")));
        Files.setAttribute(own, "unix:uid", 12345, LinkOption.NOFOLLOW_LINKS);
        assertThatThrownBy(() -> NativeCode.choose(only)).hasMessageContaining(reason);
    }

    @Test
    void thoseWhoStartTogetherChooseTheSame() {
        Set<Path> chosen = ConcurrentHashMap.newKeySet();
        IntStream.range(0, 16)
                .parallel()
                .forEach(i -> chosen.add(NativeCode.choose(List.of(new Candidate(folder, true)))));
        assertThat(chosen).containsExactly(own);
    }

    @Test
    void aReasonIsOneLineOfTheInnermostCause() {
        Error innermost = new Error("Can't extract dynamic lib file to /tmp dir.\njava.io.IOException: No space left");
        assertThat(NativeCode.reason(new IllegalStateException("outer", innermost)))
                .isEqualTo("Can't extract dynamic lib file to /tmp dir. java.io.IOException: No space left");
        assertThat(NativeCode.reason(new UnsatisfiedLinkError())).isEqualTo("java.lang.UnsatisfiedLinkError");
    }
}
