package org.sftn.train.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.log4j.Level;
import org.apache.log4j.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.FuzzTestFiles;
import org.sftn.FuzzTestTarget;
import org.sftn.conf.Sha256;
import org.sftn.conf.UserException;
import org.sftn.model.LazyTensor;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.train.progress.MetricsFile;
import org.sftn.train.quantity.Tally;

/** What a run goes on from, of which nothing is known. */
public class CheckpointFuzzTest {
    private static final Configuration HADOOP = FuzzTestFiles.hadoop();
    private static final long SOME_BYTES = 64 << 20;

    @BeforeAll
    static void sayNothingOfEachDamagedCheckpoint() {
        Logger.getLogger(CheckpointFolder.class).setLevel(Level.ERROR);
    }

    @AfterAll
    static void sayItAgain() {
        Logger.getLogger(CheckpointFolder.class).setLevel(null);
    }

    public static List<FuzzTestTarget> targets() {
        return List.of(
                new FuzzTestTarget(
                        "checkpoint-marker",
                        List.of(marker()),
                        CheckpointFuzzTest::marker,
                        Set.of(UserException.class),
                        SOME_BYTES),
                new FuzzTestTarget(
                        "checkpoint-rank",
                        List.of(rank()),
                        CheckpointFuzzTest::rank,
                        Set.of(IOException.class),
                        SOME_BYTES),
                new FuzzTestTarget(
                        "resumed-metrics",
                        List.of(metrics()),
                        CheckpointFuzzTest::metrics,
                        Set.of(UserException.class),
                        SOME_BYTES));
    }

    private static void marker(byte[] file) throws IOException {
        FuzzTestFiles.hold(Map.of("000000000004.json", file, "rank-0.safetensors", rank()));
        CheckpointFolder folder = new CheckpointFolder(FuzzTestFiles.root(), HADOOP);
        Checkpoint checkpoint = folder.latest().orElseThrow();
        checkpoint.differencesFrom(Map.of("job", "teacher"));
        checkpoint
                .computedBy()
                .forEach(each -> each.differencesFrom(checkpoint.computedBy().get(0)));
        assertThat(checkpoint.files()).hasSize(checkpoint.ranks()).noneMatch(each -> each.sha256() == null);
    }

    /** With the checksum of what is there, as of one who makes such files. */
    private static void rank(byte[] file) throws IOException {
        FuzzTestFiles.hold(Map.of("rank-0.safetensors", file));
        RankFile.read(
                FuzzTestFiles.root(), new Checkpoint.File("rank-0.safetensors", file.length, sha256(file)), HADOOP);
    }

    private static byte[] metrics() {
        return "epoch,iteration,train_loss\n1,100,4.1\n2,200,3.2\n".getBytes(StandardCharsets.UTF_8);
    }

    private static void metrics(byte[] file) throws IOException {
        FuzzTestFiles.hold(Map.of("metrics.csv", file));
        MetricsFile.open(FuzzTestFiles.path("metrics.csv"), 100, HADOOP).rows();
    }

    private static byte[] rank() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            new ReplicaState(
                            Map.of("fc.weight", tensor(3)),
                            Map.of("fc.weight", tensor(3)),
                            Map.of("bn.running_mean", tensor(1)),
                            Map.of("memory", tensor(4)),
                            new Tally(8, 1.5, Map.of("kd", 0.5), Map.of("model", 3L), 0))
                    .write(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static LazyTensor tensor(int values) {
        return LazyTensor.of(Tensor.zeros(Shape.of(values)));
    }

    private static byte[] marker() {
        byte[] rank = rank();
        return String.format(Locale.ROOT, """
                {"format": 3, "iterations": 4, "epochs": 0, "ranks": 1,
                 "run": {"job": "teacher"},
                 "computed_by": [{"after_iteration": 0, "ranks": 1, "platforms": [{"engine": "onednn", "library": "oneDNN 3",
                 "precision": "bf16", "instructions": "AMX", "processor": "p", "threads": 2, "decoder": "none"}]}], "folder": "000000000004-a",
                 "files": [{"name": "rank-0.safetensors", "bytes": %d, "sha256": "%s"}]}""", rank.length, sha256(rank)).getBytes(StandardCharsets.UTF_8);
    }

    private static String sha256(byte[] bytes) {
        return Sha256.of(bytes);
    }

    @ParameterizedTest
    @MethodSource("targets")
    void damagedFilesAreRefusedAsTheReaderSays(FuzzTestTarget target) throws Exception {
        target.replay(500, 1);
    }
}
