package org.sftn.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.FuzzTestFiles;
import org.sftn.FuzzTestTarget;
import org.sftn.conf.Json;
import org.sftn.conf.UserException;
import org.sftn.evaluate.Similarity;
import org.sftn.job.run.RunDescription;
import org.sftn.job.run.RunFolder;
import org.sftn.job.run.RunResult;
import org.sftn.job.run.Running;
import org.sftn.study.Cell;
import org.sftn.study.CurvePoint;
import org.sftn.study.Networks;
import org.sftn.study.Scores;
import org.sftn.study.StudyResult;
import org.sftn.train.platform.Platform;
import org.sftn.train.platform.Stretch;
import org.sftn.train.progress.TrainingProgress;

/** Folders of runs of which nothing is known, as {@code jobs/status.sh} and {@code jobs/report.sh} read them. */
public class RunFolderFuzzTest {
    private static final Configuration HADOOP = FuzzTestFiles.hadoop();
    private static final long SOME_BYTES = 64 << 20;
    private static final String RUN = "run.json";
    private static final String RESULT = "result.json";
    private static final String METRICS = "metrics.csv";
    private static final String STUDY = "study.json";
    private static final List<Stretch> COMPUTED_BY = List.of(
            Stretch.of(0, List.of(new Platform("onednn", "oneDNN 3", "bf16", "AMX", "a processor", 2, "none"))));

    public static List<FuzzTestTarget> targets() {
        return List.of(
                target("run-json", RUN, run("distill")),
                target("result-json", RESULT, result(), failure()),
                target("running-json", RunFolder.LOCK, running()),
                target("metrics-csv", METRICS, metrics()),
                new FuzzTestTarget(
                        "study-json",
                        List.of(study()),
                        file -> {
                            FuzzTestFiles.hold(Map.of(RUN, run(StudyJob.NAME), STUDY, file));
                            Report.of(FuzzTestFiles.root(), HADOOP);
                        },
                        Set.of(UserException.class),
                        SOME_BYTES));
    }

    /** A training run, one file of which is fuzzed. */
    private static FuzzTestTarget target(String name, String fuzzed, byte[]... seeds) {
        return new FuzzTestTarget(
                name,
                List.of(seeds),
                file -> {
                    Map<String, byte[]> files = new HashMap<>(Map.of(
                            RUN, run("distill"), RESULT, result(), METRICS, metrics(), RunFolder.LOCK, running()));
                    files.put(fuzzed, file);
                    FuzzTestFiles.hold(files);
                    Status.of(FuzzTestFiles.root(), HADOOP);
                    if (!fuzzed.equals(RunFolder.LOCK)) {
                        Report.of(FuzzTestFiles.root(), HADOOP);
                    }
                },
                Set.of(UserException.class),
                SOME_BYTES);
    }

    private static RunDescription description(String job) {
        return new RunDescription(
                job,
                "0.1.0",
                "0123",
                "sha256:4567",
                null,
                new TreeMap<>(Map.of("seed", "1", "training.epochs", "2", "distill.method", "kd")),
                COMPUTED_BY);
    }

    private static byte[] run(String job) {
        return json(description(job));
    }

    private static byte[] result() {
        return json(RunResult.done(description("distill"), 0.5, 0.75, 1.25, 2, 1000, "sha256:89ab", COMPUTED_BY));
    }

    private static byte[] failure() {
        return json(RunResult.failed(description("distill"), new IllegalStateException("no space\nat all")));
    }

    private static byte[] running() {
        TrainingProgress progress = new TrainingProgress(
                2, 2, 150, 200, 0.05, 1.5, Map.of("kd", 0.5), 0.4, 1000, Map.of("data_wait_share", 0.01), 60, 0, 2, 1);
        return json(
                new Running("token", "distill", "local-1", "host", 1, "2026", "pid:[1]", "2026", "2026", 3, progress));
    }

    private static byte[] metrics() {
        return """
                epoch,iteration,learning_rate,train_loss,train_loss_kd,train_top1,test_loss,test_top1,test_top5,seconds
                1,100,0.05,4.1,1.5,0.1,4.0,0.12,0.3,21.6
                2,200,0.005,3.2,1.1,0.3,3.1,0.31,0.6,21.4
                """.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] study() {
        return json(new StudyResult(
                "A study",
                "Does it pay?",
                List.of("0.1.0"),
                "sha256:4567",
                100,
                10,
                List.of("standard", "friendly"),
                List.of(
                        cell("alone", null, "none", Map.of()),
                        cell("a", "standard", "kd", Map.of()),
                        cell("b", "friendly", "kd", setting(1, 1)),
                        cell("c", "friendly", "kd", setting(1, 4)),
                        cell("d", "friendly", "kd", setting(6, 1)),
                        cell("e", "friendly", "kd", setting(6, 4)),
                        cell("f", "friendly", "sp", Map.of())),
                new TreeMap<>(Map.of("training.epochs", "2"))));
    }

    private static Map<String, String> setting(int lambda, int temperature) {
        return Map.of("teacher.lambda-kl", "" + lambda, "teacher.temperature", "" + temperature);
    }

    private static Cell cell(String name, String teacher, String method, Map<String, String> varied) {
        Scores scores = new Scores(0.5, 0.75, 1.25, 0.0625);
        return new Cell(
                name,
                teacher,
                new Networks("resnet20", "resnet8", "resnet8"),
                teacher,
                method,
                new TreeMap<>(varied),
                1,
                Cell.State.DONE,
                null,
                scores,
                teacher == null ? null : scores,
                teacher == null ? null : new Similarity(0.5, 0.75, 0.625),
                List.of(new CurvePoint(1, 20, 4, 0.25), new CurvePoint(2, 40, 3, 0.5)),
                0.25,
                teacher == null ? 0 : 0.5);
    }

    private static byte[] json(Object value) {
        try {
            return Json.file(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("targets")
    void damagedFilesAreRefusedAsTheCommandsSay(FuzzTestTarget target) throws Exception {
        target.replay(500, 1);
    }
}
