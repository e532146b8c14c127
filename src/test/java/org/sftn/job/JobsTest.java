package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.LocalSpark;
import org.sftn.TestLog;
import org.sftn.conf.Json;
import org.sftn.data.Sample;
import org.sftn.data.TestData;
import org.sftn.distill.method.Methods;
import org.sftn.export.OnnxRuntime;
import org.sftn.job.run.Running;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.train.progress.TrainingProgress;

/** All jobs one after the other on a tiny data set, and the mistakes that users make with them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JobsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Path folder;
    private Path data;
    private Path threeClasses;
    private Path teacher;
    private Path student;
    private String taught;
    private Ran distilled;

    @BeforeAll
    void runEverythingOnce(@TempDir Path temporary) {
        folder = temporary;
        data = Fixture.images().folder();
        threeClasses = folder.resolve("three-classes");
        Fixture shared = Fixture.teacher();
        teacher = shared.folder();
        taught = shared.out();
        student = folder.resolve("student");
        succeed(prepare(threeClasses, 3));
        distilled = succeed(distill(student));
    }

    private Ran prepare(Path out, int classes, String... more) {
        return run(
                "prepare",
                out,
                List.of(more),
                "prepare.generated.classes=" + classes,
                "prepare.generated.train-images=48",
                "prepare.generated.test-images=20",
                "prepare.image-size=16");
    }

    private Ran teach(Path out, String... more) {
        List<String> settings = new ArrayList<>(Fixture.teaching());
        settings.add("data.path=" + data);
        return run("teacher", out, List.of(more), settings.toArray(String[]::new));
    }

    private Ran distill(Path out, String... more) {
        return run(
                "distill",
                out,
                List.of(more),
                "data.path=" + data,
                "distill.teacher=" + teacher.resolve("model"),
                "distill.student=resnet8",
                "training.epochs=2",
                "training.global-batch=16");
    }

    private Ran evaluate(Path out, Path data, Path model, String... more) {
        return run(
                "evaluate",
                out,
                List.of(more),
                "data.path=" + data,
                "evaluate.model=" + model,
                "evaluate.predictions=true");
    }

    private static Ran run(String job, Path out, List<String> options, String... settings) {
        List<String> arguments = new ArrayList<>(List.of(job, "--out", out.toString()));
        for (String setting : settings) {
            arguments.addAll(List.of("--set", setting));
        }
        arguments.addAll(options);
        return Ran.of(arguments.toArray(String[]::new));
    }

    private static Ran succeed(Ran ran) {
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).doesNotContain("error: ");
        return ran;
    }

    private static void assertMistake(Ran ran, String message) {
        assertThat(ran.err()).isEqualTo("error: " + message + "\n");
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void aTrainingLeavesWhatItsContractSays() throws IOException {
        JsonNode result = json(teacher.resolve("result.json"));

        assertThat(names(teacher))
                .contains("checkpoints", "metrics.csv", "model", "result.json", "run.json", "tensorboard");
        assertThat(result.get("job").asText()).isEqualTo("teacher");
        assertThat(result.get("status").asText()).isEqualTo("done");
        assertThat(result.get("epochs").asInt()).isEqualTo(2);
        assertThat(result.get("top1").asDouble()).isBetween(0.0, 1.0);
        assertThat(result.get("top5").asDouble()).isEqualTo(1);
        assertThat(result.get("loss").asDouble()).isPositive();
        assertThat(result.get("images_per_second").asDouble()).isPositive();
        assertThat(result.get("seed").asText()).isEqualTo("1");
        assertThat(result.get("dataset").asText())
                .isEqualTo(json(data.resolve("result.json")).get("dataset").asText());
        assertThat(result.get("configuration").get("teacher.student").asText()).isEqualTo("resnet8");
        assertThat(result.get("model").asText())
                .isEqualTo(json(teacher.resolve("model/model.json"))
                        .get("weights_sha256")
                        .asText());
        assertThat(taught)
                .startsWith("teacher done: top-1 ")
                .endsWith("model in file:" + teacher.resolve("model") + "\n")
                .hasLineCount(1);
    }

    @Test
    void aStudentKnowsItsTeacher() throws IOException {
        JsonNode result = json(student.resolve("result.json"));
        JsonNode model = json(student.resolve("model/model.json"));

        assertThat(result.get("input_model").asText())
                .isEqualTo(json(teacher.resolve("model/model.json"))
                        .get("weights_sha256")
                        .asText());
        assertThat(model.get("architecture").asText()).isEqualTo("resnet8");
        assertThat(model.get("provenance").get("teacher").asText())
                .isEqualTo(result.get("input_model").asText());
        assertThat(model.get("provenance").get("distill.method").asText()).isEqualTo("kd");
        assertThat(distilled.out()).startsWith("distill done: top-1 ");
    }

    @Test
    void anEvaluationSaysHowAlikeAModelIsToItsTeacher() throws IOException {
        Path besideTeacher = folder.resolve("beside-teacher");
        Path besideItself = folder.resolve("beside-itself");

        succeed(evaluate(
                besideTeacher,
                data,
                student.resolve("model"),
                "--set",
                "evaluate.teacher=" + teacher.resolve("model")));
        Ran ran = succeed(evaluate(
                besideItself, data, student.resolve("model"), "--set", "evaluate.teacher=" + student.resolve("model")));

        JsonNode other = json(besideTeacher.resolve("result.json"));
        assertThat(other.get("similarity").get("kl").asDouble()).isPositive();
        assertThat(other.get("similarity").get("cka").asDouble()).isBetween(0.0, 0.999);
        assertThat(other.get("similarity").get("agreement").asDouble()).isBetween(0.0, 1.0);
        assertThat(other.get("calibration_error").asDouble()).isBetween(0.0, 1.0);
        assertThat(other.get("input_model").asText())
                .contains(json(teacher.resolve("result.json")).get("model").asText());
        JsonNode same = json(besideItself.resolve("result.json")).get("similarity");
        assertThat(same.get("kl").asDouble()).isZero();
        assertThat(same.get("cka").asDouble()).isCloseTo(1, org.assertj.core.data.Offset.offset(1e-12));
        assertThat(same.get("agreement").asDouble()).isEqualTo(1);
        assertThat(ran.out()).contains("beside its teacher KL 0.0000, CKA 1.0000, agreement 100.00 %");
    }

    @Test
    void anEvaluationAgreesWithTheTraining() throws IOException {
        Path out = folder.resolve("evaluation");

        Ran ran = succeed(evaluate(out, data, student.resolve("model")));

        JsonNode trained = json(student.resolve("result.json"));
        JsonNode evaluated = json(out.resolve("result.json"));
        assertThat(evaluated.get("top1").asDouble())
                .isEqualTo(trained.get("top1").asDouble());
        assertThat(evaluated.get("loss").asDouble())
                .isCloseTo(trained.get("loss").asDouble(), org.assertj.core.data.Offset.offset(1e-5));
        assertThat(evaluated.get("input_model").asText())
                .isEqualTo(trained.get("model").asText());
        assertThat(ran.out()).startsWith("evaluate done: top-1 ");
        List<String> predictions = Files.readAllLines(out.resolve("predictions.csv"));
        assertThat(predictions).hasSize(21);
        assertThat(predictions.get(0)).isEqualTo("index,name,label,predicted,probability");
        assertThat(predictions.subList(1, 21))
                .extracting(line -> line.substring(0, line.indexOf(',')))
                .containsExactly(Stream.iterate(0, i -> i + 1)
                        .limit(20)
                        .map(String::valueOf)
                        .toArray(String[]::new));
        List<String> confusion = Files.readAllLines(out.resolve("confusion.csv"));
        assertThat(confusion).hasSize(5);
        assertThat(confusion.stream()
                        .skip(1)
                        .flatMap(line -> Arrays.stream(line.split(",")).skip(1))
                        .mapToInt(Integer::parseInt)
                        .sum())
                .isEqualTo(20);
    }

    @Test
    void anExportedModelPredictsWhatItsEvaluationPredicts() throws Exception {
        Path out = folder.resolve("evaluation-of-exported");
        Path file = folder.resolve("student.onnx");

        succeed(evaluate(out, data, student.resolve("model"), "--set", "engine.precision=fp32"));
        succeed(Ran.of("export", "--normalization=inside", "--model=" + student.resolve("model"), "--out=" + file));

        List<String> predictions = Files.readAllLines(out.resolve("predictions.csv"));
        JsonNode classNames = json(student.resolve("model/model.json")).get("class_names");
        int right = 0;
        try (JavaSparkContext spark = LocalSpark.start(2);
                OnnxRuntime runtime = new OnnxRuntime(Files.readAllBytes(file))) {
            for (Sample sample : TestData.samples(spark, data, "test")) {
                float[] logits = runtime.logits(pixels(sample)).values();
                int predicted = 0;
                double sum = 0;
                for (int i = 0; i < logits.length; i++) {
                    predicted = logits[i] > logits[predicted] ? i : predicted;
                    sum += Math.exp(logits[i]);
                }
                right += predicted == sample.label() ? 1 : 0;
                String[] columns = predictions.get(1 + (int) sample.index()).split(",");
                assertThat(columns[1]).isEqualTo(sample.name());
                assertThat(columns[3]).isEqualTo(classNames.get(predicted).asText());
                // Six decimals, and fp32's rounding in a network of 8 layers.
                assertThat(Math.exp(logits[predicted]) / sum)
                        .isCloseTo(Double.parseDouble(columns[4]), org.assertj.core.data.Offset.offset(1e-5));
            }
        }
        assertThat(right / 20.0)
                .isEqualTo(json(out.resolve("result.json")).get("top1").asDouble());
    }

    /** In [0, 1]. */
    private static Tensor pixels(Sample sample) {
        float[] values = new float[sample.image().length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (sample.image()[i] & 0xFF) / 255f;
        }
        return new Tensor(Shape.of(1, 3, 16, 16), values);
    }

    @Test
    void aFinishedRunIsNotRepeated() throws IOException {
        Map<Path, FileTime> before = times(teacher);

        assertMistake(
                teach(teacher),
                String.format(
                        Locale.ROOT,
                        "--out file:%s holds a finished run: take another folder, or add --overwrite to delete that run",
                        teacher));
        Ran resumed = succeed(teach(teacher, "--resume"));

        assertThat(resumed.out())
                .startsWith("the run in file:" + teacher + " is finished already: teacher done: top-1 ");
        assertThat(times(teacher)).isEqualTo(before);
    }

    @Test
    void anUnfinishedRunIsContinuedWhenAsked() throws IOException {
        Path out = copy(teacher, "unfinished");
        Files.delete(out.resolve("result.json"));
        Map<Path, FileTime> before = times(out);

        assertMistake(
                teach(out),
                String.format(
                        Locale.ROOT,
                        "--out file:%s holds an unfinished run: add --resume to continue it, or --overwrite to delete it",
                        out));
        assertMistake(
                teach(out, "--resume", "--set", "training.learning-rate=0.1"),
                String.format(
                        Locale.ROOT,
                        "the run in file:%s cannot be continued, it is another one: training.learning-rate was 0.05, now 0.1",
                        out));
        assertThat(times(out)).isEqualTo(before);
        succeed(teach(out, "--resume"));

        assertThat(json(out.resolve("result.json")).get("model"))
                .isEqualTo(json(teacher.resolve("result.json")).get("model"));
    }

    @Test
    void anOutputThatCannotBeWrittenIsRefused() {
        Ran ran = teach(Path.of("/proc/sftn"));

        assertThat(ran.err()).contains("error: --out file:/proc/sftn cannot be written: ");
        assertThat(ran.code()).isEqualTo(2);
    }

    @Test
    void itsStatusSaysHowFarARunIs() throws IOException {
        Path out = copy(teacher, "status");
        assertThat(Ran.of("status", out.toString()).out())
                .isEqualTo(String.format(
                        Locale.ROOT,
                        """
                        teacher, in file:%s
                        state       done
                        epochs      2 of 2 done, train loss %s, test top-1 %s %%
                        checkpoint  after iteration 6
                        result      %s
                        """,
                        out,
                        lastEpoch("train_loss", 1, "%.4f"),
                        lastEpoch("test_top1", 100, "%.2f"),
                        taught.substring("teacher ".length(), taught.indexOf(", ", taught.indexOf("loss")))));

        Files.delete(out.resolve("result.json"));
        assertThat(Ran.of("status", out.toString()).out())
                .contains("state       stopped; the same command with --resume goes on\n");

        TrainingProgress progress = new TrainingProgress(
                2,
                2,
                5,
                6,
                0.1,
                1.5,
                Map.of("ce", 1.5),
                0.25,
                812.34,
                Map.of("data_wait_share", 0.012, "exchange_share", 0.034),
                3671,
                1,
                2,
                1);
        Running here = Running.now("teacher", "app-1").renewedWith(progress);
        Files.writeString(out.resolve("running.json"), Json.line(here));
        assertThat(Ran.of("status", out.toString()).out())
                .contains("state       running: " + here + "\n")
                .contains(
                        "progress    epoch 2/2, iteration 5/6 (83.3 %), loss 1.5000, top-1 25.00 %, 812.3 images/s (1 % of the time waiting for images, 3 % of the time exchanging), left 1:01:11, 1 restart, on 2 of 3 executors\n");

        Files.setLastModifiedTime(
                out.resolve("running.json"), FileTime.from(Instant.now().minusSeconds(100)));
        assertThat(Ran.of("status", out.toString()).out())
                .containsPattern("state       stopped without a word 0:0[1-9]:\\d\\d ago \\(teacher since ");

        assertThat(Ran.of("status", data.toString()).out())
                .isEqualTo(
                        String.format(Locale.ROOT, "prepare, in file:%s\nstate       done\nresult      done\n", data));
        assertMistake(Ran.of("status", folder.toString()), "file:" + folder + " holds no run: there is no run.json");
    }

    private String lastEpoch(String column, double factor, String format) throws IOException {
        List<String> lines = Files.readAllLines(teacher.resolve("metrics.csv"));
        int at = List.of(lines.get(0).split(",")).indexOf(column);
        String value = lines.get(lines.size() - 1).split(",")[at];
        return String.format(Locale.ROOT, format, factor * Double.parseDouble(value));
    }

    @Test
    void collectorsOfLogsGetALineOfJsonAnInterval() throws IOException {
        List<String> lines = new ArrayList<>();
        Path out = folder.resolve("logged");
        try (TestLog log = TestLog.of("org.sftn.progress", lines::add)) {
            succeed(teach(out, "--set", "training.epochs=60", "--set", "training.progress-interval=0 s"));
        }
        JsonNode line = new ObjectMapper().readTree(lines.get(0));
        assertThat(line.get("job").asText()).isEqualTo("teacher");
        assertThat(line.get("out").asText()).isEqualTo("file:" + out);
        assertThat(line.get("epochs").asInt()).isEqualTo(60);
        assertThat(line.get("iterations").asInt()).isEqualTo(180);
        assertThat(line.get("loss").asDouble()).isPositive();
        assertThat(line.get("images_per_second").asDouble()).isPositive();
        assertThat(line.get("quantities").get("data_wait_share").asDouble()).isBetween(0.0, 1.0);
        assertThat(line.get("quantities").get("exchange_share").asDouble()).isBetween(0.0, 1.0);
    }

    @Test
    void aRunIsOverwrittenOnlyWhenAsked() throws IOException {
        Path out = copy(teacher, "overwritten");
        Files.writeString(out.resolve("metrics.csv"), "old");

        succeed(teach(out, "--overwrite"));

        assertThat(json(out.resolve("result.json")).get("model"))
                .isEqualTo(json(teacher.resolve("result.json")).get("model"));
        assertThat(Files.readString(out.resolve("metrics.csv"))).doesNotContain("old");
    }

    @Test
    void aForeignFolderIsNotTouched() throws IOException {
        Path out = Files.createDirectory(folder.resolve("foreign"));
        Files.writeString(out.resolve("thesis.tex"), "mine");

        for (String more : List.of("--resume", "--overwrite", "--dry-run")) {
            assertMistake(
                    teach(out, more),
                    String.format(
                            Locale.ROOT,
                            "--out file:%s holds other files (thesis.tex): nothing is written there",
                            out));
        }
        assertMistake(
                prepare(out, 4),
                String.format(
                        Locale.ROOT, "--out file:%s holds other files (thesis.tex): nothing is written there", out));
        assertThat(names(out)).containsExactly("thesis.tex");
    }

    @Test
    void aDryRunSaysWhatWouldBeDone() {
        Path out = folder.resolve("dry");

        Ran ran = succeed(distill(out, "--dry-run"));

        assertThat(ran.out())
                .contains("48 training and 20 test images of 16x16, 4 classes")
                .containsPattern("Model +resnet8, [0-9,]+ parameters")
                .contains("2 epochs of 3 iterations, global batch 16, 1 executor")
                .endsWith("distill: everything checked, nothing done (--dry-run)\n");
        assertThat(out).doesNotExist();
    }

    @Test
    void aTeacherOfOtherClassesIsRefused() {
        Path out = folder.resolve("other-classes");

        Ran ran = distill(out, "--set", "data.path=" + threeClasses);

        assertMistake(
                ran,
                "the teacher (resnet8) cannot teach here: it knows 4 classes of images of 3x16x16, the data have 3 classes of images of 3x16x16");
        assertThat(out).doesNotExist();
        assertMistake(
                evaluate(out, threeClasses, teacher.resolve("model")),
                "the model (resnet8) cannot be evaluated on these data: it knows 4 classes of images of 3x16x16, the data have 3 classes of images of 3x16x16");
        assertThat(out).doesNotExist();
    }

    @Test
    void classesOfOtherNamesAreRefusedWhereverTwoMeet() throws IOException {
        Path out = folder.resolve("other-names");
        List<String> reversed = new ArrayList<>(classNames());
        Collections.reverse(reversed);
        List<String> last = new ArrayList<>(classNames());
        last.set(3, "another");
        Path model = renamed(teacher.resolve("model"), "reversed-model", "model.json", reversed);
        Path other = renamed(data, "other-data", "manifest.json", last);

        String reason = String.format(
                Locale.ROOT,
                "label 0 is '%s' in the data set %s (data.path) and '%s' in the model %s (%%s): both must have the same classes in the same order",
                classNames().get(0),
                data,
                reversed.get(0),
                model);
        assertMistake(
                distill(out, "--set", "distill.teacher=" + model),
                String.format(Locale.ROOT, reason, "distill.teacher"));
        assertMistake(
                distill(out, "--set", "distill.teacher=" + model, "--dry-run"),
                String.format(Locale.ROOT, reason, "distill.teacher"));
        assertMistake(
                teach(out, "--set", "teacher.start-from=" + model),
                String.format(Locale.ROOT, reason, "teacher.start-from"));
        assertMistake(evaluate(out, data, model), String.format(Locale.ROOT, reason, "evaluate.model"));
        assertMistake(
                evaluate(out, data, teacher.resolve("model"), "--set", "evaluate.teacher=" + model),
                String.format(Locale.ROOT, reason, "evaluate.teacher"));
        assertMistake(
                distill(out, "--set", "data.path=" + other),
                String.format(
                        Locale.ROOT,
                        "label 3 is 'another' in the data set %s (data.path) and '%s' in the model %s (distill.teacher): both must have the same classes in the same order",
                        other,
                        classNames().get(3),
                        teacher.resolve("model")));
        assertThat(out).doesNotExist();
    }

    @Test
    void aDataSetWithoutNamesGoesWithAnyModelButNotWithTwoThatDiffer() throws IOException {
        Path out = folder.resolve("nameless");
        List<String> other = List.of("a", "b", "c", "d");
        Path nameless =
                renamed(data, "nameless-data", "manifest.json", List.of("class 0", "class 1", "class 2", "class 3"));
        Path model = renamed(student.resolve("model"), "other-student", "model.json", other);

        assertMistake(
                evaluate(out, nameless, model, "--set", "evaluate.teacher=" + teacher.resolve("model")),
                String.format(
                        Locale.ROOT,
                        "label 0 is 'a' in the model %s (evaluate.model) and '%s' in the model %s (evaluate.teacher): both must have the same classes in the same order",
                        model,
                        classNames().get(0),
                        teacher.resolve("model")));
        succeed(evaluate(out, nameless, model));
        assertThat(Files.readAllLines(out.resolve("confusion.csv")).get(0)).isEqualTo("label,a,b,c,d");

        Path taught = folder.resolve("nameless-student");
        succeed(distill(taught, "--set", "data.path=" + nameless));
        assertThat(JSON.convertValue(json(taught.resolve("model/model.json")).get("class_names"), String[].class))
                .containsExactlyElementsOf(classNames());
    }

    private List<String> classNames() throws IOException {
        return List.of(JSON.convertValue(json(data.resolve("manifest.json")).get("class_names"), String[].class));
    }

    /** A copy whose file of JSON calls the classes otherwise. */
    private Path renamed(Path from, String name, String file, List<String> classNames) throws IOException {
        Path to = copy(from, name);
        ObjectNode content = (ObjectNode) json(to.resolve(file));
        content.set("class_names", JSON.valueToTree(classNames));
        rewrite(to.resolve(file), content);
        return to;
    }

    private static void rewrite(Path file, JsonNode content) throws IOException {
        Files.writeString(file, content.toString());
        // Hadoop's own checksum.
        Files.delete(file.resolveSibling("." + file.getFileName() + ".crc"));
    }

    @Test
    void aRunThatGoesOnOnAnotherMachineSaysSoAndRemembersBoth() throws IOException {
        Path out = copy(teacher, "moved");
        JsonNode here = json(out.resolve("result.json")).get("computed_by");
        Files.delete(out.resolve("result.json"));
        Files.delete(out.resolve("checkpoints/000000000006.json"));
        Path marker = out.resolve("checkpoints/000000000003.json");
        JsonNode content = json(marker);
        ObjectNode there =
                (ObjectNode) content.get("computed_by").get(0).get("platforms").get(0);
        there.put("threads", 8).put("processor", "Another");
        rewrite(marker, content);

        Ran resumed = succeed(teach(out, "--resume"));

        String processor = here.get(0).get("platforms").get(0).get("processor").asText();
        assertThat(resumed.err().lines().filter(line -> line.startsWith("warning: ")))
                .containsExactly(String.format(
                        Locale.ROOT,
                        "warning: the run goes on with %s instead of Another, 1 engine thread instead of 8: its bits may not be those of an undisturbed run",
                        processor));
        JsonNode both = json(out.resolve("result.json")).get("computed_by");
        assertThat(both).hasSize(2);
        assertThat(both.get(0).get("platforms").get(0).get("processor").asText())
                .isEqualTo("Another");
        assertThat(both.get(1).get("after_iteration").asInt()).isEqualTo(3);
        assertThat(both.get(1).get("platforms")).isEqualTo(here.get(0).get("platforms"));
        assertThat(json(out.resolve("run.json")).get("computed_by")).isEqualTo(both);
    }

    @Test
    void whatComputesIsInBothFilesOfARun() throws IOException {
        JsonNode computedBy = json(teacher.resolve("result.json")).get("computed_by");

        assertThat(json(teacher.resolve("run.json")).get("computed_by")).isEqualTo(computedBy);
        assertThat(computedBy).hasSize(1);
        assertThat(computedBy.get(0).get("ranks").asInt()).isEqualTo(1);
        JsonNode platform = computedBy.get(0).get("platforms").get(0);
        assertThat(platform.get("threads").asInt()).isEqualTo(1);
        assertThat(platform.get("engine").asText()).isIn("onednn", "bigdl");
        assertThat(platform.get("precision").asText()).isIn("bf16", "fp32");
        assertThat(platform.get("instructions").asText()).isNotBlank();
        assertThat(platform.get("processor").asText()).isEqualTo(Host.current().processor());
        assertThat(platform.get("decoder").asText()).isEqualTo("none");
    }

    @Test
    void whatIsMissingIsNamed() {
        Path out = folder.resolve("missing");
        Path no = folder.resolve("no");

        assertMistake(run("teacher", out, List.of()), "data.path is not set");
        assertMistake(
                teach(out, "--set", "data.path=" + no),
                String.format(
                        Locale.ROOT,
                        "there is no data set in file:%s: manifest.json is missing, which prepare writes last",
                        no));
        assertMistake(
                distill(out, "--set", "distill.teacher="), "this method needs a teacher: distill.teacher is empty");
        assertMistake(
                distill(out, "--set", "distill.teacher=" + no),
                String.format(Locale.ROOT, "there is no model in file:%s: model.json is missing", no));
        assertMistake(
                run("evaluate", out, List.of(), "data.path=" + data),
                "evaluate.model is not set: it names the folder of the model to evaluate");
        assertThat(distill(out, "--set", "distill.student=resnet9").err())
                .startsWith("error: there is no network 'resnet9'");
        assertMistake(
                distill(out, "--set", "distill.method=fitnets"),
                "distill.method cannot be 'fitnets'; there are "
                        + Methods.all().stream().map(Methods.Method::name).collect(Collectors.joining(", "))
                        + "; did you mean 'fitnet'?");
        assertThat(distill(out, "--set", "distill.method=at", "--set", "distill.at.weight=-1")
                        .err())
                .startsWith("error: ")
                .contains("distill.at.weight is -1, it must be at least 0");
        assertThat(out).doesNotExist();
    }

    @Test
    void aDamagedModelIsRefused() throws IOException {
        Path damaged = copy(teacher, "damaged").resolve("model");
        byte[] weights = Files.readAllBytes(damaged.resolve("weights.safetensors"));
        weights[weights.length / 2] ^= 1;
        Files.write(damaged.resolve("weights.safetensors"), weights);

        assertThat(distill(folder.resolve("of-damaged"), "--set", "distill.teacher=" + damaged)
                        .err())
                .startsWith("error: file:" + damaged.resolve("weights.safetensors")
                        + " does not agree with its checksum file:" + damaged.resolve(".weights.safetensors.crc"))
                .hasLineCount(1);
        // Hadoop's own checksum; a copied model has none.
        Files.delete(damaged.resolve(".weights.safetensors.crc"));
        assertMistake(
                distill(folder.resolve("of-damaged"), "--set", "distill.teacher=" + damaged),
                String.format(
                        Locale.ROOT,
                        "the model file:%s cannot be used: weights.safetensors does not have the checksum in model.json",
                        damaged));
    }

    private Path copy(Path from, String name) throws IOException {
        Path to = folder.resolve(name);
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.sorted().toList()) {
                Files.copy(file, to.resolve(from.relativize(file)));
            }
        }
        return to;
    }

    private static JsonNode json(Path file) throws IOException {
        return JSON.readTree(Files.readString(file));
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString())
                    .filter(n -> !n.startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    private static Map<Path, FileTime> times(Path folder) throws IOException {
        Map<Path, FileTime> times = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                times.put(file, Files.getLastModifiedTime(file));
            }
        }
        return times;
    }
}
