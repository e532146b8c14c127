package org.sftn.train.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.conf.UserException;
import org.sftn.model.LazyTensor;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.train.platform.Platform;
import org.sftn.train.platform.Stretch;
import org.sftn.train.quantity.Tally;

class CheckpointFolderTest {
    private static final Configuration HADOOP = new Configuration();
    private static final int RANKS = 2;
    private static final Platform PLATFORM = new Platform("toy", "toy 1", "fp32", "AVX2", "a processor", 2, "none");

    @TempDir
    private Path folder;

    @Test
    void whatIsWrittenIsRead() throws IOException {
        assertThat(checkpoints().latest()).isEmpty();
        Checkpoint written = save(10, 5);
        Checkpoint read = checkpoints().latest().orElseThrow();
        assertThat(read).isEqualTo(written);
        ReplicaState state =
                RankFile.read(checkpoints().folder(read), read.files().get(1), HADOOP);
        ReplicaState expected = state(10, 1);
        assertThat(state.weights()).containsOnlyKeys("fc.weight");
        assertThat(state.weights().get("fc.weight").shape()).isEqualTo(Shape.of(1, 3));
        assertThat(state.weights().get("fc.weight").make().values()).containsExactly(10, 1, -0.0f);
        assertThat(state.momentum()).containsOnlyKeys("fc.weight");
        assertThat(state.momentum().get("fc.weight").make().values()).containsExactly(1, 2, Float.MIN_VALUE);
        assertThat(state.statistics()).isEmpty();
        assertThat(state.loss()).containsOnlyKeys("memory");
        assertThat(state.loss().get("memory").shape()).isEqualTo(Shape.of(2, 1));
        assertThat(state.loss().get("memory").make().values()).containsExactly(1, 0.5f);
        assertThat(state.tally()).isEqualTo(expected.tally());
        assertThat(new ArrayList<>(state.tally().terms().keySet())).containsExactly("z", "a");
    }

    @Test
    void theLastFewAreKept() throws IOException {
        for (int iterations = 10; iterations <= 50; iterations += 10) {
            save(iterations, 3);
        }
        assertThat(names())
                .containsExactly(
                        "000000000030-x",
                        "000000000030.json",
                        "000000000040-x",
                        "000000000040.json",
                        "000000000050-x",
                        "000000000050.json");
    }

    @Test
    void withoutItsMarkerItIsNoCheckpoint() throws IOException {
        save(10, 3);
        write(20, 0);
        assertThat(checkpoints().latest().orElseThrow().iterations()).isEqualTo(10);
        checkpoints().removeUnmarked();
        assertThat(names()).containsExactly("000000000010-x", "000000000010.json");
    }

    @Test
    void aDamagedOneIsPassedOver() throws IOException {
        save(10, 9);
        save(20, 9);
        save(30, 9);
        save(40, 9);
        save(50, 9);
        flipAByte(folder.resolve("000000000050-x/rank-1.safetensors"));
        Files.delete(folder.resolve("000000000040-x/rank-0.safetensors"));
        Files.write(folder.resolve("000000000030-x/rank-0.safetensors"), new byte[] {1});
        Files.writeString(folder.resolve("000000000020.json"), "{");
        // Written by others than Hadoop: its checksums would be the first to notice.
        deleteChecksums();
        assertThat(checkpoints().latest().orElseThrow().iterations()).isEqualTo(10);
    }

    @Test
    void aDamagedOneDoesNotPushOutWhatTheRunGoesOnWith() throws IOException {
        save(10, 1);
        save(30, 2);
        flipAByte(folder.resolve("000000000030-x/rank-1.safetensors"));
        deleteChecksums();
        save(20, 1);
        assertThat(checkpoints().latest().orElseThrow().iterations()).isEqualTo(20);
    }

    @Test
    void nothingButDamageIsTheUsersToMend() throws IOException {
        save(10, 1);
        flipAByte(folder.resolve("000000000010-x/rank-0.safetensors"));
        deleteChecksums();
        assertThatThrownBy(() -> checkpoints().latest())
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("the run cannot be continued: none of the 1 checkpoints in ")
                .hasMessageEndingWith(" is whole");
    }

    @Test
    void aMarkerDoesNotLeadOutOfTheFolder() throws IOException {
        save(10, 2);
        save(20, 2);
        Path marker = folder.resolve("000000000020.json");
        Files.writeString(marker, Files.readString(marker).replace("000000000020-x", "../000000000020-x"));
        deleteChecksums();
        assertThat(checkpoints().latest().orElseThrow().iterations()).isEqualTo(10);
    }

    @Test
    void anotherVersionsAreNotTakenForDamaged() throws IOException {
        save(10, 2);
        Path marker = folder.resolve("000000000010.json");
        ObjectNode content = (ObjectNode) new ObjectMapper().readTree(marker.toFile());
        content.put("format", 1);
        Files.writeString(marker, content.toString());
        deleteChecksums();
        assertThatThrownBy(() -> checkpoints().latest())
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "the run cannot be continued: its checkpoints are of another version, of format 1 instead of 3;"
                                + " finish it with that version, or begin again with --overwrite");
    }

    @Test
    void whatOneOfTwoRunsLacksIsNotSet() throws IOException {
        assertThat(save(10, 2).differencesFrom(Map.of("teacher", "wide")))
                .containsExactly("seed was 1, now not set", "teacher was not set, now wide");
    }

    private CheckpointFolder checkpoints() {
        return new CheckpointFolder(new org.apache.hadoop.fs.Path(folder.toUri()), HADOOP);
    }

    private Checkpoint save(long iterations, int keep) throws IOException {
        List<Checkpoint.File> files = new ArrayList<>();
        for (int rank = 0; rank < RANKS; rank++) {
            files.add(write(iterations, rank));
        }
        Checkpoint checkpoint = new Checkpoint(
                Checkpoint.FORMAT,
                iterations,
                1,
                RANKS,
                Map.of("seed", "1"),
                List.of(Stretch.of(0, List.of(PLATFORM))),
                CheckpointFolder.folderName(iterations, "x"),
                files);
        checkpoints().commit(checkpoint, keep);
        return checkpoint;
    }

    private Checkpoint.File write(long iterations, int rank) throws IOException {
        Path to = folder.resolve(CheckpointFolder.folderName(iterations, "x"));
        return RankFile.write(new org.apache.hadoop.fs.Path(to.toUri()), rank, state(iterations, rank), HADOOP);
    }

    private static ReplicaState state(long iterations, int rank) {
        Map<String, Double> terms = new LinkedHashMap<>();
        terms.put("z", 0.1);
        terms.put("a", 1.0 / 3);
        Map<String, Long> correct = new LinkedHashMap<>();
        correct.put("model", 3L);
        correct.put("branch1", 4L);
        float[] weights = {iterations, rank, -0.0f};
        return new ReplicaState(
                Map.of("fc.weight", LazyTensor.of(new Tensor(Shape.of(1, 3), weights))),
                Map.of("fc.weight", LazyTensor.of(new Tensor(Shape.of(1, 3), new float[] {1, 2, Float.MIN_VALUE}))),
                Map.of(),
                Map.of("memory", LazyTensor.of(new Tensor(Shape.of(2, 1), new float[] {rank, 0.5f}))),
                new Tally(7, Math.PI, terms, correct, 2));
    }

    private static void flipAByte(Path file) throws IOException {
        byte[] content = Files.readAllBytes(file);
        content[content.length - 1] ^= 1;
        Files.write(file, content);
    }

    private void deleteChecksums() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(f -> f.toString().endsWith(".crc")).toList()) {
                Files.delete(file);
            }
        }
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString())
                    .filter(n -> !n.startsWith("."))
                    .sorted()
                    .toList();
        }
    }
}
