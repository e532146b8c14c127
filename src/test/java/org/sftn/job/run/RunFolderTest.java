package org.sftn.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.conf.UserException;
import org.sftn.train.platform.Platform;
import org.sftn.train.platform.Stretch;

class RunFolderTest {
    private static final RunDescription RUN =
            describe(Map.of("seed", "1", "training.epochs", "3", "training.attempts", "4"), "data", "teacher");

    private static final Platform PLATFORM =
            new Platform("onednn", "oneDNN 3", "bf16", "AMX", "a processor", 2, "none");
    private static final List<Stretch> COMPUTED_BY = List.of(Stretch.of(0, List.of(PLATFORM, PLATFORM)));

    @TempDir
    Path temporary;

    private Path folder;

    @BeforeEach
    void name() {
        folder = temporary.resolve("out");
    }

    @Test
    void aCheckWritesNothing() throws IOException {
        check(RUN, Existing.REFUSE);

        assertThat(folder).doesNotExist();
    }

    @Test
    void aRunIsDescribedBeforeAndItsResultAfter() throws Exception {
        RunFolder run = check(RUN, Existing.REFUSE);

        run.record("local-1", lock -> {
            assertThat(names()).containsExactly("run.json", "running.json");
            return done(RUN);
        });

        assertThat(names()).containsExactly("result.json", "run.json");
        assertThat(json("result.json"))
                .isEqualTo(new ObjectMapper().readTree(String.format(Locale.ROOT, """
                        {"format": 1, "job": "distill", "status": "done", "top1": 0.5, "top5": 0.75, "loss": 1.25, "epochs": 3, "images_per_second": 100.0,
                         "seed": 1, "code_version": "%s", "dataset": "data", "input_model": "teacher", "model": "abc",
                         "computed_by": [{"after_iteration": 0, "ranks": 2, "platforms": [
                           {"engine": "onednn", "library": "oneDNN 3", "precision": "bf16", "instructions": "AMX", "processor": "a processor",
                            "threads": 2, "decoder": "none"}]}],
                         "configuration": {"seed": "1", "training.attempts": "4", "training.epochs": "3"}}""", BuildVersion.current())));
        assertThat(json("run.json").get("fingerprint").asText())
                .isEqualTo(RUN.fingerprint())
                .hasSize(64);
    }

    @Test
    void anErrorIsRecordedToo() throws Exception {
        assertThatThrownBy(() -> check(RUN, Existing.REFUSE).record("local-1", lock -> {
                    throw new OutOfMemoryError("Java heap space");
                }))
                .isInstanceOf(OutOfMemoryError.class);

        assertThat(json("result.json").get("status").asText()).isEqualTo("failed");
        assertThat(json("result.json").get("message").asText()).isEqualTo("Java heap space");
    }

    @Test
    void aFailureIsRecordedAndLeavesTheRunUnfinished() throws Exception {
        assertThatThrownBy(() -> check(RUN, Existing.REFUSE).record("local-1", lock -> {
                    throw new IOException("disk full");
                }))
                .isInstanceOf(IOException.class)
                .hasMessage("disk full");

        assertThat(json("result.json").get("status").asText()).isEqualTo("failed");
        assertThat(json("result.json").get("message").asText()).isEqualTo("disk full");
        assertThatThrownBy(() -> check(RUN, Existing.REFUSE))
                .isInstanceOf(UserException.class)
                .hasMessage(String.format(
                        Locale.ROOT,
                        "--out file:%s holds an unfinished run: add --resume to continue it, or --overwrite to delete it",
                        folder));
        assertThat(check(RUN, Existing.RESUME).finished()).isNull();
    }

    @Test
    void aFinishedRunIsLeftAsItIs() throws Exception {
        check(RUN, Existing.REFUSE).record("local-1", lock -> done(RUN));

        assertThatThrownBy(() -> check(RUN, Existing.REFUSE))
                .isInstanceOf(UserException.class)
                .hasMessage(String.format(
                        Locale.ROOT,
                        "--out file:%s holds a finished run: take another folder, or add --overwrite to delete that run",
                        folder));
        assertThat(check(RUN, Existing.RESUME).finished()).isEqualTo(done(RUN));
    }

    @Test
    void overwritingDeletesTheRunWhenWorkStarts() throws Exception {
        check(RUN, Existing.REFUSE).record("local-1", lock -> done(RUN));
        Files.createDirectory(folder.resolve("model"));
        Files.writeString(folder.resolve("model/weights"), "old");
        RunDescription other = describe(Map.of("seed", "2"), "data", "teacher");

        RunFolder run = check(other, Existing.OVERWRITE);

        assertThat(names()).containsExactly("model", "result.json", "run.json");
        run.record("local-1", lock -> {
            assertThat(names()).containsExactly("run.json", "running.json");
            return done(other);
        });
        assertThat(json("result.json").get("seed").asText()).isEqualTo("2");
    }

    @Test
    void aFolderOfSomethingElseIsNotTouched() throws Exception {
        Files.createDirectory(folder);
        for (String name : List.of("d.txt", "a.txt", "c.txt", "b.txt")) {
            Files.writeString(folder.resolve(name), "mine");
        }

        for (Existing existing : Existing.values()) {
            assertThatThrownBy(() -> check(RUN, existing))
                    .isInstanceOf(UserException.class)
                    .hasMessage(String.format(
                            Locale.ROOT,
                            "--out file:%s holds other files (a.txt, b.txt, c.txt, ...): nothing is written there",
                            folder));
        }
        assertThat(names()).containsExactly("a.txt", "b.txt", "c.txt", "d.txt");
    }

    @Test
    void overwritingSparesWhatIsNotOurs() throws Exception {
        check(RUN, Existing.REFUSE).record("local-1", lock -> done(RUN));
        Files.writeString(folder.resolve("notes.txt"), "mine");

        assertThatThrownBy(() -> check(RUN, Existing.OVERWRITE))
                .isInstanceOf(UserException.class)
                .hasMessage(String.format(
                        Locale.ROOT, "--out file:%s holds other files (notes.txt): nothing is written there", folder));
        assertThat(names()).containsExactly("notes.txt", "result.json", "run.json");
    }

    @Test
    void aFileIsNoFolder() throws Exception {
        Files.writeString(folder, "mine");

        assertThatThrownBy(() -> check(RUN, Existing.OVERWRITE))
                .isInstanceOf(UserException.class)
                .hasMessage(String.format(Locale.ROOT, "--out file:%s cannot be used: it is a file", folder));
    }

    @Test
    void nothingLiesBelowAFile() throws Exception {
        Files.writeString(folder, "mine");
        folder = folder.resolve("a/b");

        assertThatThrownBy(() -> check(RUN, Existing.REFUSE))
                .isInstanceOf(UserException.class)
                .hasMessage(String.format(
                        Locale.ROOT,
                        "--out file:%s cannot be written: file:%s is a file",
                        folder,
                        folder.getParent().getParent()));
    }

    @Test
    void anUnfinishedRunMayGoOnWithOtherExecutors() throws Exception {
        RunDescription two = describe(Map.of("seed", "1", "training.executors", "2"), "data", "better");
        RunDescription one = describe(Map.of("seed", "1", "training.executors", "1"), "data", "better");
        assertThatThrownBy(() -> check(two, Existing.REFUSE).record("local-1", lock -> {
                    throw new IllegalStateException("lost");
                }))
                .hasMessage("lost");

        RunFolder goesOn = check(one, Existing.RESUME);
        assertThat(goesOn.changes()).containsExactly("training.executors was 2, now 1");
        goesOn.record("local-2", lock -> done(one));

        RunFolder finished = check(two, Existing.RESUME);
        assertThat(finished.finished()).isNotNull();
        assertThat(finished.alreadyFinished("good"))
                .isEqualTo(String.format(
                        Locale.ROOT,
                        "the run in file:%s is finished already: good; it was computed otherwise than it would be now: training.executors was 1, now 2",
                        folder));
    }

    @Test
    void anotherRunCannotContinueHere() throws Exception {
        check(RUN, Existing.REFUSE).record("local-1", lock -> done(RUN));
        RunDescription other =
                describe(Map.of("seed", "1", "training.epochs", "5", "training.momentum", "0.5"), "changed", "better");

        assertThatThrownBy(() -> check(other, Existing.RESUME))
                .isInstanceOf(UserException.class)
                .hasMessage(String.format(
                        Locale.ROOT,
                        "the run in file:%s cannot be continued, it is another one: the data set was data, now changed; the model it reads"
                                + " was teacher, now better; training.epochs was 3, now 5; training.momentum was not set, now 0.5",
                        folder));
    }

    @Test
    void whatChangesNoResultMayChange() throws Exception {
        check(RUN, Existing.REFUSE).record("local-1", lock -> done(RUN));
        RunDescription other =
                describe(Map.of("seed", "1", "training.epochs", "3", "training.attempts", "9"), "data", "teacher");

        assertThat(other.fingerprint()).isEqualTo(RUN.fingerprint());
        assertThatCode(() -> check(other, Existing.RESUME)).doesNotThrowAnyException();
    }

    @Test
    void aDamagedDescriptionIsNamed() throws Exception {
        Files.createDirectory(folder);
        Files.writeString(folder.resolve("run.json"), "{");

        assertThatThrownBy(() -> check(RUN, Existing.RESUME))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith(String.format(Locale.ROOT, "file:%s/run.json cannot be read: ", folder));
    }

    @Test
    void whatAKilledRunLeftIsNoObstacle() throws Exception {
        Files.createDirectory(folder);
        Files.writeString(folder.resolve("run.json.unfinished"), "{");

        check(RUN, Existing.REFUSE).record("local-1", lock -> done(RUN));

        assertThat(names()).containsExactly("result.json", "run.json");
    }

    @Test
    void whatComputesIsAddedToTheRunsDescription() throws Exception {
        RunFolder run = check(RUN, Existing.REFUSE);

        run.record("local-1", lock -> {
            run.computedBy(COMPUTED_BY);
            return done(RUN);
        });

        assertThat(json("run.json").get("computed_by"))
                .isEqualTo(json("result.json").get("computed_by"));
        assertThat(json("run.json").get("fingerprint").asText()).isEqualTo(RUN.fingerprint());
        assertThat(check(RUN, Existing.RESUME).finished()).isEqualTo(done(RUN));
    }

    private RunFolder check(RunDescription run, Existing existing) throws IOException {
        org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path("file:" + folder);
        return RunFolder.check(path, run, List.of("model", "checkpoints"), existing, new Configuration());
    }

    private static RunDescription describe(Map<String, String> settings, String dataset, String model) {
        return RunDescription.of("distill", new TreeMap<>(settings), key -> true, dataset, model);
    }

    private static RunResult done(RunDescription run) {
        return RunResult.done(run, 0.5, 0.75, 1.25, 3, 100, "abc", COMPUTED_BY);
    }

    private JsonNode json(String name) throws IOException {
        return new ObjectMapper().readTree(Files.readString(folder.resolve(name)));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString())
                    // The lock may be renewed just now.
                    .filter(n -> !n.startsWith(".") && !n.endsWith(".unfinished"))
                    .sorted()
                    .toList();
        }
    }
}
