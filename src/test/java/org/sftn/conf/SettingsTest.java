package org.sftn.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigMemorySize;
import com.typesafe.config.ConfigParseOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.conf.Limit.MoreThan;

class SettingsTest {
    private static final String CANNOT = "the configuration cannot be used: ";

    @TempDir
    Path folder;

    @Test
    void everyDefaultIsBoundWithItsType() {
        Settings settings = Settings.of(List.of());

        assertThat(settings.seed()).isEqualTo(1);
        assertThat(settings.prepare())
                .isEqualTo(new PrepareSettings(
                        "generated",
                        "",
                        PrepareSettings.DamagedTars.FAIL,
                        "",
                        32,
                        PrepareSettings.Store.PIXELS,
                        0,
                        0.01,
                        ConfigMemorySize.ofBytes(128L << 20)));
        assertThat(settings.data())
                .isEqualTo(new DataSettings(
                        "",
                        0,
                        0,
                        ConfigMemorySize.ofBytes(2L << 30),
                        DataSettings.Crop.PADDED,
                        4,
                        new DataSettings.RandomResizedCrop(0.08, 1, 0.75, 1.3333333333333333),
                        true,
                        DataSettings.ColorJitter.NONE,
                        0,
                        0,
                        2048,
                        0,
                        DataSettings.Damaged.FAIL));
        assertThat(settings.engine()).isEqualTo(new EngineSettings("onednn", Precision.AUTO, 0));
        assertThat(settings.training())
                .isEqualTo(new TrainingSettings(
                        1,
                        0,
                        64,
                        1,
                        240,
                        0.05,
                        0.9,
                        false,
                        5e-4,
                        true,
                        0,
                        false,
                        new TrainingSettings.Schedule(
                                TrainingSettings.ScheduleKind.MULTI_STEP, List.of(150, 180, 210), 0.1, 0),
                        TrainingSettings.ExchangeKind.DIRECT,
                        TrainingSettings.Wire.FP32,
                        1,
                        0,
                        3,
                        Duration.ofSeconds(5),
                        6,
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(60)));
        assertThat(settings.teacher())
                .isEqualTo(new TeacherSettings(
                        "resnet20", "resnet8", "", 1, 1, 1, 1, TeacherSettings.Kl.TEACHER_BRANCH, true, false));
        assertThat(settings.distill()).isEqualTo(new DistillSettings("", "resnet8", "kd", 0));
        assertThat(settings.evaluate())
                .isEqualTo(new EvaluateSettings("", "", EvaluateSettings.Split.TEST, 256, false));
        assertThat(settings.changed()).isEmpty();
    }

    /** A key that is added to reference.conf must be added here too. */
    @Test
    void everyKeyIsPinned() {
        assertThat(Settings.of(List.of()).effective())
                .containsOnly(
                        entry("seed", "1"),
                        entry("prepare.source", "generated"),
                        entry("prepare.input", ""),
                        entry("prepare.cifar-100-binary.labels", "fine"),
                        entry("prepare.image-folder.train", "train"),
                        entry("prepare.image-folder.test", "test"),
                        entry("prepare.image-size", "32"),
                        entry("prepare.store", "pixels"),
                        entry("prepare.max-rejected-share", "0.01"),
                        entry("prepare.shorter-side", "0"),
                        entry("prepare.shard-size", "128 MiB"),
                        entry("prepare.imagenet-tars.train", "ILSVRC2012_img_train.tar"),
                        entry("prepare.imagenet-tars.test", "ILSVRC2012_img_val.tar"),
                        entry("prepare.imagenet-tars.ground-truth", "ILSVRC2012_validation_ground_truth.txt"),
                        entry("prepare.damaged-tars", "fail"),
                        entry("prepare.class-names", ""),
                        entry("prepare.webdataset.train", "*train*.tar"),
                        entry("prepare.webdataset.test", "*val*.tar"),
                        entry("prepare.webdataset.label-field", "label"),
                        entry("prepare.table.format", "parquet"),
                        entry("prepare.table.train", ""),
                        entry("prepare.table.test", ""),
                        entry("prepare.table.split-column", ""),
                        entry("prepare.table.train-value", "train"),
                        entry("prepare.table.test-value", "test"),
                        entry("prepare.table.image-column", "image"),
                        entry("prepare.table.label-column", "label"),
                        entry("prepare.table.name-column", ""),
                        entry("data.shuffle-buffer", "2048"),
                        entry("data.decode-threads", "0"),
                        entry("data.damaged", "fail"),
                        entry("prepare.generated.classes", "10"),
                        entry("prepare.generated.train-images", "10000"),
                        entry("prepare.generated.test-images", "2000"),
                        entry("data.path", ""),
                        entry("data.train-images", "0"),
                        entry("data.test-images", "0"),
                        entry("data.memory", "2 GiB"),
                        entry("data.crop", "padded"),
                        entry("data.crop-padding", "4"),
                        entry("data.random-resized-crop.min-area", "0.08"),
                        entry("data.random-resized-crop.max-area", "1"),
                        entry("data.random-resized-crop.min-ratio", "0.75"),
                        entry("data.random-resized-crop.max-ratio", "1.3333333333333333"),
                        entry("data.horizontal-flip", "true"),
                        entry("data.color-jitter.brightness", "0"),
                        entry("data.color-jitter.contrast", "0"),
                        entry("data.color-jitter.saturation", "0"),
                        entry("data.lighting", "0"),
                        entry("data.evaluation-resize", "0"),
                        entry("engine.name", "onednn"),
                        entry("engine.precision", "auto"),
                        entry("engine.threads", "0"),
                        entry("training.executors", "1"),
                        entry("training.global-batch", "64"),
                        entry("training.min-executors", "0"),
                        entry("training.accumulate", "1"),
                        entry("training.epochs", "240"),
                        entry("training.learning-rate", "0.05"),
                        entry("training.momentum", "0.9"),
                        entry("training.nesterov", "false"),
                        entry("training.weight-decay", "0.0005"),
                        entry("training.decay-batch-norm-and-biases", "true"),
                        entry("training.label-smoothing", "0"),
                        entry("training.zero-init-residual", "false"),
                        entry("training.schedule.kind", "multi-step"),
                        entry("training.schedule.milestones", "[150, 180, 210]"),
                        entry("training.schedule.factor", "0.1"),
                        entry("training.schedule.warm-up-epochs", "0"),
                        entry("training.exchange", "direct"),
                        entry("training.wire", "fp32"),
                        entry("training.evaluate-epochs", "1"),
                        entry("training.checkpoint-iterations", "0"),
                        entry("training.keep-checkpoints", "3"),
                        entry("training.progress-interval", "5 s"),
                        entry("training.attempts", "6"),
                        entry("training.retry-delay", "10 s"),
                        entry("training.peer-timeout", "60 s"),
                        entry("teacher.network", "resnet20"),
                        entry("teacher.student", "resnet8"),
                        entry("teacher.start-from", ""),
                        entry("teacher.lambda-t", "1"),
                        entry("teacher.lambda-kl", "1"),
                        entry("teacher.lambda-ce", "1"),
                        entry("teacher.temperature", "1"),
                        entry("teacher.kl", "teacher-branch"),
                        entry("teacher.detach-teacher", "true"),
                        entry("teacher.share-branches", "false"),
                        entry("distill.teacher", ""),
                        entry("distill.student", "resnet8"),
                        entry("distill.method", "kd"),
                        entry("distill.add-kd", "0"),
                        entry("distill.fitnet.weight", "100"),
                        entry("distill.fitnet.cross-entropy-weight", "1"),
                        entry("distill.fitnet.hint-stage", "2"),
                        entry("distill.at.weight", "1000"),
                        entry("distill.at.cross-entropy-weight", "1"),
                        entry("distill.oh.weight", "1"),
                        entry("distill.oh.cross-entropy-weight", "1"),
                        entry("distill.oh.loss-divisor", "1000"),
                        entry("distill.vid.weight", "1"),
                        entry("distill.vid.cross-entropy-weight", "1"),
                        entry("distill.vid.initial-variance", "5"),
                        entry("distill.vid.epsilon", "0.00001"),
                        entry("distill.nst.weight", "50"),
                        entry("distill.nst.cross-entropy-weight", "1"),
                        entry("distill.fsp.cross-entropy-weight", "1"),
                        entry("distill.fsp.preliminary.epochs", "30"),
                        entry("distill.fsp.preliminary.learning-rate", "0"),
                        entry("distill.fsp.preliminary.milestones", "[]"),
                        entry("distill.kd.temperature", "4"),
                        entry("distill.kd.cross-entropy-weight", "0.1"),
                        entry("distill.kd.weight", "0.9"),
                        entry("distill.ab.weight", "0.003"),
                        entry("distill.ab.margin", "1"),
                        entry("distill.ab.cross-entropy-weight", "1"),
                        entry("distill.ab.preliminary.epochs", "30"),
                        entry("distill.ab.preliminary.learning-rate", "0"),
                        entry("distill.ab.preliminary.milestones", "[]"),
                        entry("distill.ft.weight", "200"),
                        entry("distill.ft.paraphrase-rate", "0.5"),
                        entry("distill.ft.cross-entropy-weight", "1"),
                        entry("distill.ft.preliminary.epochs", "30"),
                        entry("distill.ft.preliminary.learning-rate", "0.01"),
                        entry("distill.ft.preliminary.milestones", "[]"),
                        entry("distill.reviewkd.weight", "1"),
                        entry("distill.reviewkd.student-maps", "after-relu"),
                        entry("distill.reviewkd.warm-up-epochs", "20"),
                        entry("distill.reviewkd.cross-entropy-weight", "1"),
                        entry("distill.simkd.weight", "1"),
                        entry("distill.kd.standardize-logits", "false"),
                        entry("distill.sp.weight", "3000"),
                        entry("distill.sp.cross-entropy-weight", "1"),
                        entry("distill.rkd.weight", "1"),
                        entry("distill.rkd.distance-weight", "25"),
                        entry("distill.rkd.angle-weight", "50"),
                        entry("distill.rkd.cross-entropy-weight", "1"),
                        entry("distill.pkt.weight", "30000"),
                        entry("distill.pkt.cross-entropy-weight", "1"),
                        entry("distill.cc.weight", "0.02"),
                        entry("distill.cc.dimension", "128"),
                        entry("distill.cc.cross-entropy-weight", "1"),
                        entry("distill.dkd.alpha", "1"),
                        entry("distill.dkd.beta", "8"),
                        entry("distill.dkd.temperature", "4"),
                        entry("distill.dkd.warm-up-epochs", "20"),
                        entry("distill.dkd.cross-entropy-weight", "1"),
                        entry("distill.dkd.standardize-logits", "false"),
                        entry("distill.dist.weight", "2"),
                        entry("distill.dist.beta", "1"),
                        entry("distill.dist.gamma", "1"),
                        entry("distill.dist.temperature", "4"),
                        entry("distill.dist.cross-entropy-weight", "1"),
                        entry("distill.crd.weight", "0.8"),
                        entry("distill.crd.cross-entropy-weight", "1"),
                        entry("distill.crd.negatives", "16384"),
                        entry("distill.crd.temperature", "0.07"),
                        entry("distill.crd.momentum", "0.5"),
                        entry("distill.crd.dimension", "128"),
                        entry("distill.crd.mode", "exact"),
                        entry("distill.sskd.weight", "0.9"),
                        entry("distill.sskd.temperature", "4"),
                        entry("distill.sskd.cross-entropy-weight", "0.1"),
                        entry("distill.sskd.rotated-weight", "2.7"),
                        entry("distill.sskd.rotated-temperature", "4"),
                        entry("distill.sskd.rotated-wrong", "1"),
                        entry("distill.sskd.similarity-weight", "10"),
                        entry("distill.sskd.similarity-temperature", "0.5"),
                        entry("distill.sskd.similarity-wrong", "0.75"),
                        entry("distill.sskd.preliminary.epochs", "60"),
                        entry("distill.sskd.preliminary.learning-rate", "0.05"),
                        entry("distill.sskd.preliminary.milestones", "[30, 45]"),
                        entry("evaluate.model", ""),
                        entry("evaluate.teacher", ""),
                        entry("study.title", ""),
                        entry("study.question", ""),
                        entry("study.pairs", "[]"),
                        entry("study.baseline", "standard"),
                        entry("study.methods", "[kd]"),
                        entry("study.seeds", "[1]"),
                        entry("study.concurrent-runs", "1"),
                        entry("evaluate.split", "test"),
                        entry("evaluate.batch", "256"),
                        entry("evaluate.predictions", "false"),
                        entry("predict.model", ""),
                        entry("predict.source", "files"),
                        entry("predict.input", ""),
                        entry("predict.resize", "0"),
                        entry("predict.part-size", "64 MiB"),
                        entry("predict.batch", "64"),
                        entry("predict.top", "5"),
                        entry("predict.logits", "false"),
                        entry("predict.features", "false"),
                        entry("predict.csv", "false"),
                        entry("predict.table.format", "parquet"),
                        entry("predict.table.image-column", "image"),
                        entry("predict.table.name-column", ""),
                        entry("predict.table.columns", "[]"));
    }

    static Stream<Path> configurations() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("conf"))) {
            return files
                    .filter(f -> f.toString().endsWith(".conf"))
                    .filter(f -> !f.endsWith("spark-defaults.conf"))
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void everyFileInConfIsUsable(Path file) {
        Config layer = ConfigFile.read(hadoop(file), new Configuration(false));

        assertThat(layer.root()).isNotEmpty();
        assertThatCode(() -> Settings.of(List.of(layer))).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void aMistakeIsNamed(String hocon, String message) {
        assertThatThrownBy(() -> settings(hocon))
                .isInstanceOf(UserException.class)
                .hasMessage(CANNOT + message);
    }

    static Stream<List<String>> pairs() {
        return Stream.of(
                List.of(
                        "training.epoch = 3",
                        "unknown key 'training.epoch' (run.conf: 1); did you mean 'training.epochs'?"),
                List.of("\n\ntraning { epochs = 3 }", "unknown key 'traning' (run.conf: 3); did you mean 'training'?"),
                List.of(
                        "global-batch = 3",
                        "unknown key 'global-batch' (run.conf: 1); did you mean 'training.global-batch'?"),
                List.of(
                        "student = resnet8",
                        "unknown key 'student' (run.conf: 1); did you mean 'distill.student' or 'teacher.student'?"),
                List.of("something-else = 3", "unknown key 'something-else' (run.conf: 1)"),
                List.of("training.epochs = many", "training.epochs is 'many', it must be a whole number (run.conf: 1)"),
                List.of("training.epochs = 3.7", "training.epochs is '3.7', it must be a whole number (run.conf: 1)"),
                List.of(
                        "training.epochs = 3000000000",
                        "training.epochs is '3000000000', it must be a whole number (run.conf: 1)"),
                List.of("training.epochs = null", "training.epochs is null, it must be a whole number (run.conf: 1)"),
                List.of(
                        "training.epochs { a = 1 }",
                        "training.epochs is a block of settings, it must be a whole number (run.conf: 1)"),
                List.of("training = 3", "training must be a block of settings (run.conf: 1)"),
                List.of("distill.kd = 3", "distill.kd must be a block of settings (run.conf: 1)"),
                List.of("training.momentum = NaN", "training.momentum is 'NaN', it must be a number (run.conf: 1)"),
                List.of("training.momentum = 1", "training.momentum is 1, it must be less than 1 (run.conf: 1)"),
                List.of(
                        "training.label-smoothing = 1",
                        "training.label-smoothing is 1, it must be less than 1 (run.conf: 1)"),
                List.of(
                        "training.label-smoothing = -0.1",
                        "training.label-smoothing is -0.1, it must be at least 0 (run.conf: 1)"),
                List.of(
                        "training.zero-init-residual = 0",
                        "training.zero-init-residual is '0', it must be true or false (run.conf: 1)"),
                List.of("training.momentum = -0.5", "training.momentum is -0.5, it must be at least 0 (run.conf: 1)"),
                List.of(
                        "training.learning-rate = 0",
                        "training.learning-rate is 0, it must be more than 0 (run.conf: 1)"),
                List.of(
                        "prepare.max-rejected-share = 1.5",
                        "prepare.max-rejected-share is 1.5, it must be at most 1 (run.conf: 1)"),
                List.of(
                        "training.nesterov = maybe",
                        "training.nesterov is 'maybe', it must be true or false (run.conf: 1)"),
                List.of(
                        "training.peer-timeout = soon",
                        "training.peer-timeout is 'soon', it must be a duration such as 5 s (run.conf: 1)"),
                List.of(
                        "training.peer-timeout = 0 s",
                        "training.peer-timeout is 0 s, it must be more than 0 s (run.conf: 1)"),
                List.of("data.memory = much", "data.memory is 'much', it must be a size such as 2 GiB (run.conf: 1)"),
                List.of("data.path = [a]", "data.path is [a], it must be a text (run.conf: 1)"),
                List.of(
                        "data.crop = random",
                        "data.crop is 'random', it must be one of padded, random-resized (run.conf: 1)"),
                List.of(
                        "data.random-resized-crop { min-area = 0.5, max-area = 0.25 }",
                        "data.random-resized-crop.min-area is 0.5, it must be at most data.random-resized-crop.max-area, 0.25"),
                List.of(
                        "data.random-resized-crop.min-ratio = 2",
                        "data.random-resized-crop.min-ratio is 2.0, it must be at most data.random-resized-crop.max-ratio, 1.3333333333333333"),
                List.of(
                        "data.color-jitter.contrast = -1",
                        "data.color-jitter.contrast is -1, it must be at least 0 (run.conf: 1)"),
                List.of(
                        "predict.source = folder",
                        "predict.source is 'folder', it must be one of files, tars, table (run.conf: 1)"),
                List.of(
                        "training.schedule.milestones = 5",
                        "training.schedule.milestones is '5', it must be a list such as [1, 2] (run.conf: 1)"),
                List.of(
                        "training.schedule.milestones = [5, x]",
                        "training.schedule.milestones is 'x', it must be a whole number (run.conf: 1)"),
                List.of(
                        "training.schedule.milestones = [0]",
                        "training.schedule.milestones is 0, it must be at least 1 (run.conf: 1)"),
                List.of(
                        "training.schedule.milestones = [5, 5]",
                        "training.schedule.milestones is [5, 5], each must be later than the one before"),
                List.of(
                        "training.executors = 3",
                        "training.global-batch is 64, it must be a multiple of training.executors, 3"),
                List.of(
                        "training { executors = 4, min-executors = 2, accumulate = 1073741824 }",
                        "training.accumulate is 1073741824, it must divide each executor's share of training.global-batch, 16 images"),
                List.of(
                        "training { executors = 2, min-executors = 3 }",
                        "training.min-executors is 3, it must be at most training.executors, 2"),
                List.of(
                        "training { executors = 4, accumulate = 3 }",
                        "training.accumulate is 3, it must divide each executor's share of training.global-batch, 16 images"),
                List.of(
                        "training { executors = 4, min-executors = 3 }",
                        "training.min-executors is 3, but no number of executors from there to 3 divides training.global-batch / training.accumulate, 64"),
                List.of(
                        "training { nesterov = true, momentum = 0 }",
                        "training.nesterov is true, it needs training.momentum above 0"),
                List.of(
                        "training { wire = bf16, exchange = bigdl }",
                        "training.wire is bf16, which training.exchange bigdl cannot send; set training.exchange to direct"));
    }

    static Stream<Arguments> mistakes() {
        return pairs().map(pair -> Arguments.of(pair.get(0), pair.get(1)));
    }

    @Test
    void anUnknownBlockSaysWhereItIsFrom() {
        Config assigned = Settings.assignments(Map.of("a.b.c", "5"), "--set");

        assertThatThrownBy(() -> Settings.of(List.of(assigned)))
                .isInstanceOf(UserException.class)
                .hasMessage("the configuration cannot be used: unknown key 'a' (--set)");
    }

    @Test
    void allMistakesAreNamedAtOnce() {
        Config assigned = Settings.assignments(Map.of("evaluate.batches", "5"), "--set");
        Config file = parse("training.epoch = 3\ntraining.momentum = x\nengine.threads = -1");

        assertThatThrownBy(() -> Settings.of(List.of(assigned, file)))
                .isInstanceOf(UserException.class)
                .hasMessage("""
                        the configuration cannot be used, it has 4 problems:
                          unknown key 'evaluate.batches' (--set); did you mean 'evaluate.batch'?
                          unknown key 'training.epoch' (run.conf: 1); did you mean 'training.epochs'?
                          engine.threads is -1, it must be at least 0 (run.conf: 3)
                          training.momentum is 'x', it must be a number (run.conf: 2)""");
    }

    @Test
    void assignmentsWinOverTheFile() {
        Config assigned = Settings.assignments(
                Map.of(
                        "training.epochs",
                        "7",
                        "training.schedule.milestones",
                        "[3, 5]",
                        "data.path",
                        "hdfs://host:9000/a b#c"),
                "--set");

        Settings settings = Settings.of(List.of(assigned, parse("training { epochs = 5, global-batch = 32 }")));

        assertThat(settings.training().epochs()).isEqualTo(7);
        assertThat(settings.training().globalBatch()).isEqualTo(32);
        assertThat(settings.training().schedule().milestones()).containsExactly(3, 5);
        assertThat(settings.data().path()).isEqualTo("hdfs://host:9000/a b#c");
        assertThat(settings.changed())
                .containsOnly(
                        entry("training.epochs", "7"),
                        entry("training.global-batch", "32"),
                        entry("training.schedule.milestones", "[3, 5]"),
                        entry("data.path", "hdfs://host:9000/a b#c"));
    }

    @Test
    void oneValueHasOneSpelling() {
        Settings settings = Settings.of(List.of(Settings.assignments(
                Map.of(
                        "training.weight-decay",
                        "0.00050",
                        "training.epochs",
                        "240",
                        "training.nesterov",
                        "off",
                        "training.momentum",
                        "9e-1"),
                "--set")));

        assertThat(settings.changed()).isEmpty();
    }

    @Test
    void anAssignmentThatIsNotHoconIsRefused() {
        assertThatThrownBy(() -> Settings.assignments(Map.of("training.schedule.milestones", "[1"), "--set"))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("--set training.schedule.milestones=[1 cannot be used: ");
        assertThatThrownBy(() -> Settings.assignments(Map.of("training..epochs", "1"), "--set"))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("--set training..epochs=1 cannot be used: ");
    }

    @Test
    void replacedValuesAreChecked() {
        Settings settings = settings("training.epochs = 5");

        assertThat(settings.with(Map.of("teacher.student", "")).teacher().student())
                .isEmpty();
        assertThat(settings.with(Map.of("teacher.student", "")).training().epochs())
                .isEqualTo(5);
        assertThatThrownBy(() -> settings.with(Map.of("training.epochs", "0")))
                .isInstanceOf(UserException.class)
                .hasMessage(CANNOT + "training.epochs is 0, it must be at least 1 (set by the job)");
    }

    record Kd(@MoreThan(0) double temperature, double crossEntropyWeight, double weight) {}

    @Test
    void otherPackagesBindTheirBlocks() {
        assertThat(settings("distill.kd.weight = 2").bind("distill.kd", Kd.class))
                .isEqualTo(new Kd(4, 0.1, 2));
        assertThatThrownBy(() ->
                        settings("distill.kd { weight = x, temperature = 0 }").bind("distill.kd", Kd.class))
                .isInstanceOf(UserException.class)
                .hasMessage("""
                        the configuration cannot be used, it has 2 problems:
                          distill.kd.temperature is 0, it must be more than 0 (run.conf: 1)
                          distill.kd.weight is 'x', it must be a number (run.conf: 1)""");
    }

    @Test
    void anIncludeIsRelativeToItsFile() throws IOException {
        Files.createDirectories(folder.resolve("cifar"));
        Files.writeString(folder.resolve("common.conf"), "training { epochs = 5, global-batch = 32 }");
        Path file = Files.writeString(
                folder.resolve("cifar/run.conf"),
                "include \"../common.conf\"\ntraining.epochs = 6\ndata.path = ${evaluate.split}");

        Settings settings = Settings.of(List.of(ConfigFile.read(hadoop(file), new Configuration(false))));

        assertThat(settings.training().epochs()).isEqualTo(6);
        assertThat(settings.training().globalBatch()).isEqualTo(32);
        assertThat(settings.data().path()).isEqualTo("test");
    }

    @Test
    void aMistakeInAnIncludedFileIsNamedThere() throws IOException {
        Files.writeString(folder.resolve("common.conf"), "\ntraining.epoch = 5");
        Path file = Files.writeString(folder.resolve("run.conf"), "include \"common.conf\"");

        assertThatThrownBy(() -> Settings.of(List.of(ConfigFile.read(hadoop(file), new Configuration(false)))))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("unknown key 'training.epoch' (common.conf: 2)");
    }

    @Test
    void aFileThatCannotBeReadIsNamed() throws IOException {
        Configuration hadoop = new Configuration(false);
        org.apache.hadoop.fs.Path missing = hadoop(folder.resolve("no.conf"));
        Path broken = Files.writeString(folder.resolve("broken.conf"), "training {");
        Path including = Files.writeString(folder.resolve("including.conf"), "include \"no.conf\"");
        Path itself = Files.writeString(folder.resolve("itself.conf"), "include \"itself.conf\"");

        assertThatThrownBy(() -> ConfigFile.read(missing, hadoop))
                .isInstanceOf(UserException.class)
                .hasMessage("the configuration file " + missing + " does not exist");
        assertThatThrownBy(() -> ConfigFile.read(hadoop(including), hadoop))
                .isInstanceOf(UserException.class)
                .hasMessage("the configuration file " + missing + ", which " + hadoop(including)
                        + " includes, does not exist");
        assertThatThrownBy(() -> ConfigFile.read(hadoop(folder), hadoop))
                .isInstanceOf(UserException.class)
                .hasMessage("the configuration file " + hadoop(folder) + " cannot be read: it is a folder");
        assertThatThrownBy(() -> ConfigFile.read(hadoop(itself), hadoop))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("the configuration file " + hadoop(itself) + " includes itself");
        assertThatThrownBy(() -> ConfigFile.read(hadoop(broken), hadoop))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("the configuration file " + hadoop(broken) + " cannot be read: broken.conf: 1");
    }

    @Test
    void anUnknownSubstitutionIsNamed() {
        assertThatThrownBy(() -> settings("data.path = ${no.such}"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("${no.such}");
    }

    @Test
    void secretsAreHidden() {
        Config reference = Settings.defaults()
                .withFallback(ConfigFactory.parseString("store { password = \"\", access-key = x, url = \"\" }"));

        Settings settings =
                Settings.of(reference, List.of(parse("store { password = abc, url = \"s3a://id:secret@bucket/a\" }")));

        assertThat(settings.changed())
                .containsOnly(entry("store.password", "(hidden)"), entry("store.url", "s3a://(hidden)@bucket/a"));
        assertThat(settings.effective()).containsEntry("store.access-key", "(hidden)");
    }

    private static Settings settings(String hocon) {
        return Settings.of(List.of(parse(hocon)));
    }

    private static Config parse(String hocon) {
        return ConfigFactory.parseString(hocon, ConfigParseOptions.defaults().setOriginDescription("run.conf"));
    }

    private static org.apache.hadoop.fs.Path hadoop(Path file) {
        return new org.apache.hadoop.fs.Path(file.toAbsolutePath().toUri());
    }
}
