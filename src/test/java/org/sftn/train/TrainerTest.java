package org.sftn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.LocalSpark;
import org.sftn.TestMetrics;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.EngineSettings;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.conf.TrainingSettings.ExchangeKind;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.data.BatchLoader;
import org.sftn.data.Sample;
import org.sftn.data.TestData;
import org.sftn.data.image.Preprocessing;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.Engine;
import org.sftn.engine.Engines;
import org.sftn.engine.Executable;
import org.sftn.engine.TrainingExecutable;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.engine.onednn.OneDnnEngine;
import org.sftn.nn.Layout;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.ToyObjective.Trouble;
import org.sftn.train.checkpoint.Checkpoint;
import org.sftn.train.checkpoint.CheckpointFolder;
import org.sftn.train.checkpoint.RankFile;
import org.sftn.train.checkpoint.ReplicaState;
import org.sftn.train.platform.Platform;
import org.sftn.train.platform.Stretch;
import org.sftn.train.quantity.EvaluationSums;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TrainerTest {
    private static final int ITERATIONS = ToyRun.EPOCHS * ToyRun.BATCHES;
    private static final ToyObjective WITH_NORM = ToyObjective.of(ToyRun.SIZE, ToyRun.CLASSES, true);
    private static final ToyObjective WITHOUT_NORM = ToyObjective.of(ToyRun.SIZE, ToyRun.CLASSES, false);

    private JavaSparkContext spark;
    private ToyRun run;

    @TempDir
    private Path folder;

    @BeforeAll
    void start(@TempDir Path shared) {
        spark = LocalSpark.start(2);
        run = ToyRun.prepare(spark, shared.resolve("data"));
    }

    @AfterAll
    void stop() {
        spark.stop();
    }

    @Test
    void theSameRunTwiceIsTheSameToTheLastBit() throws Exception {
        ByteArrayOutputStream progress = new ByteArrayOutputStream();
        TrainingResult first =
                run.train(WITH_NORM, folder.resolve("a"), new PrintStream(progress, true, StandardCharsets.UTF_8));
        TrainingResult second = run.train(WITH_NORM, folder.resolve("b"));
        assertThat(bits(first)).isEqualTo(bits(second));
        assertThat(rows(folder.resolve("a"))).hasSize(1 + ToyRun.EPOCHS).isEqualTo(rows(folder.resolve("b")));
        assertThat(first.iterations()).isEqualTo(ITERATIONS);
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .contains("epoch 2/2  done: train loss")
                .contains("top-5");
    }

    @Test
    void whatIsReportedIsWhatTheModelDoes() throws Exception {
        TrainingResult result = run.train(WITH_NORM, folder.resolve("a"));
        EvaluationSums expected = EvaluationSums.EMPTY;
        Preprocessing preprocessing = run.dataset().manifest().preprocessing(run.dataSettings());
        List<Sample> samples = TestData.samples(spark, run.data(), "test");
        try (Executable model = new BigDlEngine(1)
                .compileForInference(WITH_NORM.model().orElseThrow(), Set.of(Taps.LOGITS), samples.size())) {
            model.load(result.values());
            Batch batch = new BatchLoader(preprocessing, Layout.CHANNELS_FIRST, 0, Damaged.FAIL)
                    .evaluation(samples, Runnable::run)
                    .join()
                    .batch()
                    .orElseThrow();
            expected = expected.plus(EvaluationSums.of(
                    batch, model.forward(Map.of(Taps.IMAGE, batch.images())).get(Taps.LOGITS)));
        }
        assertThat(expected.images()).isEqualTo(23);
        assertThat(result.top1()).isEqualTo(expected.top1Share());
        assertThat(result.top5()).isEqualTo(1);
        assertThat(result.loss()).isCloseTo(expected.meanCrossEntropy(), within(1e-6));
        String lastRow = Files.readAllLines(folder.resolve("a/metrics.csv")).get(ToyRun.EPOCHS);
        assertThat(lastRow).contains("," + result.loss() + "," + result.top1() + ",");
    }

    @ParameterizedTest
    @EnumSource(ExchangeKind.class)
    void aRunThatWasStoppedGoesOnToTheSameBits(ExchangeKind exchange) throws Exception {
        ToyRun two = run.on(2, exchange).saving(5);
        TrainingResult undisturbed = two.train(WITH_NORM, folder.resolve("undisturbed"));
        Path out = folder.resolve("stopped");
        assertThatThrownBy(() -> two.train(WITH_NORM.with(Trouble.USER_MISTAKE, 19, folder.resolve("happened")), out))
                .isInstanceOf(UserException.class)
                .hasMessage("the label of image 12 is wrong");
        assertThat(markers(out)).containsExactly("000000000014.json", "000000000015.json");
        TrainingResult resumed = two.train(WITH_NORM, out);
        assertThat(bits(resumed)).isEqualTo(bits(undisturbed));
        assertThat(rows(out)).isEqualTo(rows(folder.resolve("undisturbed")));
        assertThat(markers(out)).containsExactly("000000000025.json", "000000000028.json");
    }

    @Test
    void aFailedAttemptIsTriedAgainFromTheLastCheckpoint() throws Exception {
        ToyRun two = run.on(2, ExchangeKind.DIRECT).saving(3).trying(2);
        TrainingResult undisturbed = two.train(WITH_NORM, folder.resolve("undisturbed"));
        Path out = folder.resolve("failed");
        ByteArrayOutputStream progress = new ByteArrayOutputStream();
        TrainingResult retried = two.train(
                WITH_NORM.with(Trouble.EXCEPTION, 8, folder.resolve("happened")),
                out,
                new PrintStream(progress, true, StandardCharsets.UTF_8));
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .contains("training was interrupted: continuing after iteration 6");
        assertThat(bits(retried)).isEqualTo(bits(undisturbed));
        assertThat(rows(out)).isEqualTo(rows(folder.resolve("undisturbed")));
    }

    @Test
    void metricsThatAreLostAreMissed() throws Exception {
        Path out = folder.resolve("a");
        assertThatThrownBy(() ->
                        run.saving(5).train(WITH_NORM.with(Trouble.USER_MISTAKE, 19, folder.resolve("happened")), out))
                .isInstanceOf(UserException.class);
        Files.delete(out.resolve("metrics.csv"));
        ByteArrayOutputStream progress = new ByteArrayOutputStream();
        run.saving(5).train(WITH_NORM, out, print(progress));
        assertThat(warnings(progress))
                .containsExactly("warning: 1 of the 1 epochs that were trained before are not in file:" + out
                        + "/metrics.csv: their metrics are lost");
    }

    @Test
    void storageThatIsGoneForAWhileCostsNoBit() throws Exception {
        ToyRun two = run.on(2, ExchangeKind.DIRECT).saving(3).trying(8);
        TrainingResult undisturbed = two.train(WITH_NORM, folder.resolve("undisturbed"));
        Path out = folder.resolve("gone");
        Path happened = out.resolve("happened");
        Thread repair = new Thread(() -> ToyObjective.giveBackCheckpoints(happened, Duration.ofMillis(500)));
        repair.start();
        TrainingResult found = two.train(WITH_NORM.with(Trouble.TAKE_CHECKPOINTS, 8, happened), out);
        repair.join();
        assertThat(bits(found)).isEqualTo(bits(undisturbed));
        assertThat(rows(out)).isEqualTo(rows(folder.resolve("undisturbed")));
    }

    @Test
    void storageThatStaysAwayEndsTheRunWithItsReason() {
        Path out = folder.resolve("gone");
        assertThatThrownBy(() -> run.saving(3)
                        .trying(2)
                        .train(WITH_NORM.with(Trouble.TAKE_CHECKPOINTS, 5, out.resolve("happened")), out))
                .isInstanceOf(TrainingFailedException.class)
                .hasMessageStartingWith("training failed 2 times without progress (training.attempts); the last time: ")
                .hasMessageContaining(out.resolve("checkpoints").toString());
    }

    @Test
    void attemptsWithoutProgressEnd() {
        assertThatThrownBy(() -> run.train(
                        WITH_NORM.with(Trouble.EXCEPTION, 2, folder.resolve("happened")), folder.resolve("a")))
                .isInstanceOf(TrainingFailedException.class)
                .hasMessage(
                        "training failed 1 time without progress (training.attempts); the last time: rank 0 failed: java.lang.IllegalStateException: something broke")
                .hasStackTraceContaining("something broke");
    }

    @Test
    void aRunOnOneRankGoesOnWithTwoAndBack() throws Exception {
        Path out = folder.resolve("a");
        ToyObjective stopped = WITH_NORM.with(Trouble.USER_MISTAKE, 19, folder.resolve("one"));
        assertThatThrownBy(() -> run.saving(5).train(stopped, out)).isInstanceOf(UserException.class);
        ToyObjective again = WITH_NORM.with(Trouble.USER_MISTAKE, 9, folder.resolve("two"));
        ToyRun two = run.on(2, ExchangeKind.DIRECT).saving(5);
        assertThatThrownBy(() -> two.train(again, out)).isInstanceOf(UserException.class);
        TrainingResult result = run.saving(5).train(WITH_NORM, out);
        TrainingResult undisturbed = run.train(WITH_NORM, folder.resolve("undisturbed"));
        assertThat(rows(out)).hasSameSizeAs(rows(folder.resolve("undisturbed")));
        assertThat(result.loss()).isCloseTo(undisturbed.loss(), within(0.1));
    }

    @Test
    void bothExchangesGiveTheSameBits() throws Exception {
        TrainingResult direct = run.on(2, ExchangeKind.DIRECT).train(WITH_NORM, folder.resolve("direct"));
        TrainingResult bigdl = run.on(2, ExchangeKind.BIGDL).train(WITH_NORM, folder.resolve("bigdl"));
        assertThat(bits(bigdl)).isEqualTo(bits(direct));
        assertThat(bits(run.on(1, ExchangeKind.BIGDL).train(WITH_NORM, folder.resolve("bigdl-one"))))
                .isEqualTo(bits(run.train(WITH_NORM, folder.resolve("direct-one"))));
    }

    @Test
    void gradientsMayTravelInHalfTheBytes() throws Exception {
        ToyRun half = run.with(Map.of("training.wire", "bf16"));
        ToyRun two = half.on(2, ExchangeKind.DIRECT).saving(5);
        TrainingResult undisturbed = two.train(WITH_NORM, folder.resolve("undisturbed"));
        Path out = folder.resolve("stopped");
        assertThatThrownBy(() -> two.train(WITH_NORM.with(Trouble.USER_MISTAKE, 19, folder.resolve("happened")), out))
                .isInstanceOf(UserException.class);
        assertThat(bits(two.train(WITH_NORM, out))).isEqualTo(bits(undisturbed));
        TrainingResult whole = run.on(2, ExchangeKind.DIRECT).train(WITH_NORM, folder.resolve("whole"));
        assertThat(bits(undisturbed)).isNotEqualTo(bits(whole));
        assertThat(undisturbed.loss()).isCloseTo(whole.loss(), within(0.01));
        // Nothing travels.
        assertThat(bits(half.train(WITH_NORM, folder.resolve("one-half"))))
                .isEqualTo(bits(run.train(WITH_NORM, folder.resolve("one"))));
        ToyRun otherwise = run.on(2, ExchangeKind.DIRECT);
        assertThatThrownBy(() -> otherwise.train(WITH_NORM, out))
                .isInstanceOf(UserException.class)
                .hasMessageEndingWith("it is another one: training.wire was BF16, now FP32");
    }

    @Test
    void weightsThatAreUsedRoundedTravelSo() throws Exception {
        assumeTrue(
                new OneDnnEngine(Precision.AUTO, 1).precision() == Precision.BF16,
                "this processor cannot compute in bf16");
        ToyRun rounding = run.computingWith(cores -> new OneDnnEngine(Precision.BF16, 1));
        ToyRun two = rounding.on(2, ExchangeKind.DIRECT).saving(5);
        TrainingResult undisturbed = two.train(WITH_NORM, folder.resolve("undisturbed"));
        Path out = folder.resolve("stopped");
        assertThatThrownBy(() -> two.train(WITH_NORM.with(Trouble.USER_MISTAKE, 19, folder.resolve("happened")), out))
                .isInstanceOf(UserException.class);
        assertThat(bits(two.train(WITH_NORM, out))).isEqualTo(bits(undisturbed));
        // Where all weights travel as they are.
        TrainingResult bigdl = rounding.on(2, ExchangeKind.BIGDL).train(WITH_NORM, folder.resolve("bigdl"));
        assertThat(bits(undisturbed)).isEqualTo(bits(bigdl));
        assertThat(undisturbed.loss()).isEqualTo(bigdl.loss());
    }

    @Test
    void twoRanksTrainAsOneDoesWithoutBatchNorm() throws Exception {
        // Four images are left for the last batch, so that no rank has a single one.
        ToyRun alike = run.with(Map.of("data.train-images", "100"));
        TrainingResult one = alike.train(WITHOUT_NORM, folder.resolve("one"));
        TrainingResult two = alike.on(2, ExchangeKind.DIRECT).train(WITHOUT_NORM, folder.resolve("two"));
        assertClose(two, one, 1e-5f);
    }

    private static void assertClose(TrainingResult actual, TrainingResult expected, float tolerance) {
        expected.values().forEach((name, tensor) -> {
            float[] other = actual.values().get(name).values();
            for (int i = 0; i < other.length; i++) {
                assertThat(other[i]).as("%s %d", name, i).isCloseTo(tensor.values()[i], within(tolerance));
            }
        });
    }

    @Test
    void partsSumToTheWholeWithoutBatchNorm() throws Exception {
        ToyRun parts = run.with(Map.of("training.accumulate", "4"));
        for (int ranks = 1; ranks <= 2; ranks++) {
            TrainingResult whole =
                    run.on(ranks, ExchangeKind.DIRECT).train(WITHOUT_NORM, folder.resolve("whole" + ranks));
            TrainingResult summed =
                    parts.on(ranks, ExchangeKind.DIRECT).train(WITHOUT_NORM, folder.resolve("parts" + ranks));
            assertClose(summed, whole, 1e-5f);
            assertThat(bits(summed)).isNotEqualTo(bits(whole));
        }
    }

    @Test
    void aRunInPartsGoesOnToTheSameBits() throws Exception {
        ToyRun parts = run.with(Map.of("training.accumulate", "2"))
                .on(2, ExchangeKind.DIRECT)
                .saving(5);
        TrainingResult undisturbed = parts.train(WITH_NORM, folder.resolve("undisturbed"));
        Path out = folder.resolve("stopped");
        // Two parts an iteration: in the last one of the 19th.
        assertThatThrownBy(() -> parts.train(WITH_NORM.with(Trouble.USER_MISTAKE, 38, folder.resolve("happened")), out))
                .isInstanceOf(UserException.class);
        assertThat(bits(parts.train(WITH_NORM, out))).isEqualTo(bits(undisturbed));
        assertThat(rows(out)).isEqualTo(rows(folder.resolve("undisturbed")));
    }

    @Test
    void aLossThatIsNoNumberEndsTheRunBeforeTheUpdate() throws Exception {
        ToyRun two = run.on(2, ExchangeKind.DIRECT).saving(1).trying(3);
        Path out = folder.resolve("a");
        assertThatThrownBy(() -> two.train(WITH_NORM.with(Trouble.NOT_A_NUMBER, 17, folder.resolve("happened")), out))
                .isInstanceOf(DivergedException.class)
                .hasMessageStartingWith("the loss became NaN at iteration 17 in epoch 2;");
        // The other rank may not have come to say that it had saved.
        assertThat(markers(out)).last().isIn("000000000015.json", "000000000016.json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bigdl", "onednn"})
    void aGradientThatIsNoNumberEndsTheRunAtItsUpdate(String engine) throws Exception {
        ToyRun two = run.on(2, ExchangeKind.DIRECT).saving(1).trying(3).computingWith(engine(engine));
        Path out = folder.resolve("a");
        assertThatThrownBy(() ->
                        two.train(WITH_NORM.with(Trouble.GRADIENT_NOT_A_NUMBER, 17, folder.resolve("happened")), out))
                .isInstanceOf(DivergedException.class)
                .hasMessage(
                        "the weights became infinite or not a number in the update of iteration 17 in epoch 2: a lower learning rate or a longer warm-up may help");
        assertThat(markers(out)).last().isIn("000000000015.json", "000000000016.json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bigdl", "onednn"})
    void aLearningRateThatLeavesTheRangeOfFloatsEndsTheRun(String engine) {
        assertThatThrownBy(() -> run.at(1e45).computingWith(engine(engine)).train(WITH_NORM, folder.resolve("a")))
                .isInstanceOf(DivergedException.class)
                .hasMessageStartingWith(
                        "the weights became infinite or not a number in the update of iteration 1 in epoch 1:");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bigdl", "onednn"})
    void aModelThatSaysNoNumbersIsNotDone(String engine) {
        assertThatThrownBy(() -> run.computingWith(engine(engine))
                        .train(new Fixed(WITH_NORM, Float.POSITIVE_INFINITY), folder.resolve("a")))
                .isInstanceOf(DivergedException.class)
                .hasMessageStartingWith(
                        "the evaluated model's output became infinite or not a number after iteration 14:");
    }

    private static EngineSource engine(String name) {
        return cores -> Engines.create(new EngineSettings(name, Precision.FP32, 1), cores);
    }

    /** A model with a bias that is not trained. */
    private record Fixed(ToyObjective toy, float bias) implements Objective {
        @Override
        public Network network() {
            return toy.network();
        }

        @Override
        public Map<String, Tensor> initialValues() {
            return toy.initialValues();
        }

        @Override
        public Set<String> taps() {
            return toy.taps();
        }

        @Override
        public Map<String, String> logits() {
            return toy.logits();
        }

        @Override
        public Optional<Network> model() {
            return toy.model();
        }

        @Override
        public String modelPrefix() {
            return toy.modelPrefix();
        }

        @Override
        public Map<String, Tensor> fixedValues() {
            return Map.of("fc.bias", new Tensor(Shape.of(ToyRun.CLASSES), new float[] {0, bias, 0}));
        }

        @Override
        public StepLoss open(Engine engine, RankLabels shard) {
            return toy.open(engine, shard);
        }
    }

    @Test
    void aCheckpointWithWhatIsNoNumberIsNotContinued() throws Exception {
        Path out = folder.resolve("a");
        assertThatThrownBy(() ->
                        run.saving(5).train(WITH_NORM.with(Trouble.USER_MISTAKE, 12, folder.resolve("happened")), out))
                .isInstanceOf(UserException.class);
        Configuration hadoop = new Configuration();
        CheckpointFolder checkpoints = new CheckpointFolder(
                new org.apache.hadoop.fs.Path(out.resolve("checkpoints").toUri()), hadoop);
        Checkpoint last = checkpoints.latest().orElseThrow();
        ReplicaState state =
                RankFile.read(checkpoints.folder(last), last.files().get(0), hadoop);
        state.weights().values().iterator().next().make().values()[3] = Float.NaN;
        Checkpoint.File file = RankFile.write(checkpoints.folder(last), 0, state, hadoop);
        checkpoints.commit(
                new Checkpoint(
                        last.format(),
                        last.iterations(),
                        last.epochs(),
                        last.ranks(),
                        last.run(),
                        last.computedBy(),
                        last.folder(),
                        List.of(file)),
                2);

        assertThatThrownBy(() -> run.saving(5).train(WITH_NORM, out))
                .isInstanceOf(UserException.class)
                .hasMessage("the run cannot be continued: its checkpoint after iteration 10 holds NaN");
    }

    @ParameterizedTest
    @CsvSource({
        "OUT_OF_MEMORY, java.lang.OutOfMemoryError: nothing is left",
        "STACK_OVERFLOW, java.lang.StackOverflowError: too deep",
        "MISSING_CLASS, java.lang.NoClassDefFoundError: a/Library"
    })
    void anErrorOfTheVirtualMachineFailsTheAttemptNotTheProcess(Trouble error, String said) {
        assertThatThrownBy(() -> run.train(WITH_NORM.with(error, 2, folder.resolve("happened")), folder.resolve("a")))
                .isInstanceOf(TrainingFailedException.class)
                .hasMessage(
                        "training failed 1 time without progress (training.attempts); the last time: rank 0 failed: "
                                + said);
    }

    @Test
    void whatFailsBeforeTheFirstStepIsSaidToo() {
        EngineSource none = cores -> {
            throw new OutOfMemoryError("the engine needs 9 MiB");
        };
        assertThatThrownBy(
                        () -> run.on(2, ExchangeKind.DIRECT).computingWith(none).train(WITH_NORM, folder.resolve("a")))
                .isInstanceOf(TrainingFailedException.class)
                .hasMessageMatching(
                        ".*; the last time: rank [01] failed: java.lang.OutOfMemoryError: the engine needs 9 MiB");
    }

    @Test
    void anotherRunIsNotContinued() throws Exception {
        Path out = folder.resolve("a");
        run.train(WITH_NORM, out);
        assertThatThrownBy(() -> run.at(0.2).train(WITH_NORM, out))
                .isInstanceOf(UserException.class)
                .hasMessageEndingWith(
                        "cannot be continued, it is another one: training.learning-rate was 0.05, now 0.2");
    }

    @Test
    void aFinishedRunIsOnlyEvaluatedAgain() throws Exception {
        Path out = folder.resolve("a");
        TrainingResult first = run.train(WITH_NORM, out);
        TrainingResult again = run.train(WITH_NORM, out);
        assertThat(bits(again)).isEqualTo(bits(first));
        assertThat(again.loss()).isEqualTo(first.loss());
        assertThat(again.imagesPerSecond()).isZero();
        assertThat(rows(out)).hasSize(1 + ToyRun.EPOCHS);
    }

    @Test
    void moreRanksThanThereIsRoomForAreRefused() {
        assertThatThrownBy(() -> run.on(4, ExchangeKind.DIRECT).train(WITH_NORM, folder.resolve("a")))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "training.executors is 4 but the master local[2] runs 2 tasks at a time (spark.task.cpus is 1)");
    }

    @ParameterizedTest
    @EnumSource(ExchangeKind.class)
    void ranksThatComputeDifferentlyDoNotTrainTogether(ExchangeKind exchange) {
        ToyRun two = run.on(2, exchange).trying(2);
        Named bf16 = new Named("one", Precision.BF16, 2);
        assertThatThrownBy(() -> two.computingWith(ranks(bf16, new Named("other", Precision.FP32, 2)))
                        .train(WITH_NORM, folder.resolve("engines")))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "rank 1 computes with other in fp32, rank 0 with one in bf16; set engine.name and engine.precision so that all executors can");
        assertThatThrownBy(() -> two.computingWith(ranks(new Named("one", Precision.FP32, 2), bf16))
                        .train(WITH_NORM, folder.resolve("precisions")))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("rank 1 computes with one in bf16, rank 0 with one in fp32;");
    }

    @Test
    void ranksMayHaveDifferentNumbersOfThreadsAndTheRunSaysSo() throws Exception {
        EngineSource engines = ranks(new Named("one", Precision.BF16, 1), new Named("one", Precision.BF16, 2));
        ByteArrayOutputStream progress = new ByteArrayOutputStream();
        TrainingResult result = run.on(2, ExchangeKind.DIRECT)
                .computingWith(engines)
                .train(WITH_NORM, folder.resolve("a"), print(progress));
        assertThat(result.iterations()).isEqualTo(ITERATIONS);
        assertThat(warnings(progress))
                .containsExactly(
                        "warning: the executors are not alike (2 engine threads instead of 1 on rank 1): the bits depend on which of them has which rank");
        assertThat(result.computedBy()).hasSize(1);
        assertThat(result.computedBy().get(0).platforms())
                .extracting(Platform::threads)
                .containsExactly(1, 2);
    }

    @Test
    void aRunThatGoesOnWithOtherThreadsSaysSoOnceAndRemembersBoth() throws Exception {
        Path out = folder.resolve("a");
        ToyRun onTwo = run.saving(5).computingWith(cores -> new BigDlEngine(2));
        ByteArrayOutputStream before = new ByteArrayOutputStream();
        ByteArrayOutputStream after = new ByteArrayOutputStream();
        ByteArrayOutputStream again = new ByteArrayOutputStream();
        assertThatThrownBy(() -> onTwo.train(
                        WITH_NORM.with(Trouble.USER_MISTAKE, 19, folder.resolve("happened")), out, print(before)))
                .isInstanceOf(UserException.class);

        TrainingResult resumed = run.saving(5).train(WITH_NORM, out, print(after));
        TrainingResult evaluatedAgain = run.saving(5).train(WITH_NORM, out, print(again));

        assertThat(warnings(before)).isEmpty();
        assertThat(warnings(after))
                .containsExactly(
                        "warning: the run goes on with 1 engine thread instead of 2: its bits may not be those of an undisturbed run");
        assertThat(warnings(again)).isEmpty();
        assertThat(resumed.computedBy()).extracting(Stretch::afterIteration).containsExactly(0L, 15L);
        assertThat(resumed.computedBy())
                .extracting(stretch -> stretch.platforms().get(0).threads())
                .containsExactly(2, 1);
        assertThat(evaluatedAgain.computedBy()).isEqualTo(resumed.computedBy());
    }

    @Test
    void whatComputedThePreliminaryStageIsRemembered() throws Exception {
        ByteArrayOutputStream progress = new ByteArrayOutputStream();
        Platform here = run.train(WITH_NORM, folder.resolve("a"))
                .computedBy()
                .get(0)
                .platforms()
                .get(0);
        Platform there = new Platform(
                here.engine(),
                here.library(),
                here.precision(),
                here.instructions(),
                "Another",
                here.threads(),
                here.decoder());

        TrainingResult result =
                run.train(WITH_NORM, folder.resolve("b"), print(progress), List.of(Stretch.of(0, List.of(there))));

        assertThat(warnings(progress))
                .containsExactly("warning: the run goes on with " + here.processor()
                        + " instead of Another: its bits may not be those of an undisturbed run");
        assertThat(result.computedBy()).extracting(Stretch::platforms).containsExactly(List.of(there), List.of(here));
    }

    @Test
    void aRunGoesOnWhereParametersLieOtherwise() throws Exception {
        Path out = folder.resolve("a");
        ToyRun there =
                run.on(2, ExchangeKind.DIRECT).saving(5).computingWith(cores -> new OneDnnEngine(Precision.FP32, 1));
        ToyRun here = run.on(2, ExchangeKind.DIRECT).saving(5);
        ByteArrayOutputStream progress = new ByteArrayOutputStream();
        assertThatThrownBy(() -> there.train(WITH_NORM.with(Trouble.USER_MISTAKE, 19, folder.resolve("happened")), out))
                .isInstanceOf(UserException.class);

        TrainingResult moved = here.train(WITH_NORM, out, print(progress));

        TrainingResult undisturbed = there.train(WITH_NORM, folder.resolve("undisturbed"));
        assertThat(warnings(progress))
                .hasSize(1)
                .first()
                .asString()
                .startsWith("warning: the run goes on with engine bigdl instead of onednn, ");
        // Weights or momentum at a wrong place show in the first digit.
        moved.values().forEach((name, tensor) -> {
            float[] expected = undisturbed.values().get(name).values();
            for (int i = 0; i < expected.length; i++) {
                assertThat(tensor.values()[i]).as("%s %d", name, i).isCloseTo(expected[i], within(1e-3f));
            }
        });
        // And back: what is finished is evaluated only, so not one bit of the weights changes.
        assertThat(bits(there.train(WITH_NORM, out))).isEqualTo(bits(moved));
    }

    private static PrintStream print(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }

    private static List<String> warnings(ByteArrayOutputStream progress) {
        return progress.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith("warning: "))
                .toList();
    }

    @Test
    void aRehearsalCompilesWhatTheRanksWill() throws Exception {
        run.on(2, ExchangeKind.DIRECT).rehearse(WITH_NORM);
        assertThatThrownBy(() -> run.on(4, ExchangeKind.DIRECT).rehearse(WITH_NORM))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("training.executors is 4 but the master local[2] runs 2 tasks at a time");
        EngineSource none = cores -> {
            throw new OutOfMemoryError("the engine needs 9 MiB");
        };
        assertThatThrownBy(() -> run.computingWith(none).rehearse(WITH_NORM)).isInstanceOf(OutOfMemoryError.class);
    }

    private static EngineSource ranks(Named zero, Named one) {
        return cores -> TaskContext.getPartitionId() == 0 ? zero : one;
    }

    /** The reference under another name. */
    private record Named(String name, Precision precision, int threads) implements Engine, Serializable {
        @Override
        public String description() {
            return name + " on " + threads + " threads";
        }

        @Override
        public String library() {
            return "toy 1";
        }

        @Override
        public String instructions() {
            return "AVX2";
        }

        @Override
        public Layout imageLayout() {
            return Layout.CHANNELS_FIRST;
        }

        @Override
        public Arithmetic arithmetic() {
            return new BigDlEngine(1).arithmetic();
        }

        @Override
        public TrainingExecutable compileForTraining(Network network, Set<String> outputs, int batch) {
            return new BigDlEngine(1).compileForTraining(network, outputs, batch);
        }

        @Override
        public Executable compileForInference(Network network, Set<String> outputs, int batch) {
            return new BigDlEngine(1).compileForInference(network, outputs, batch);
        }
    }

    private static Map<String, List<Integer>> bits(TrainingResult result) {
        Map<String, List<Integer>> bits = new java.util.TreeMap<>();
        for (Map.Entry<String, Tensor> entry : result.values().entrySet()) {
            float[] values = entry.getValue().values();
            bits.put(
                    entry.getKey(),
                    IntStream.range(0, values.length)
                            .mapToObj(i -> Float.floatToRawIntBits(values[i]))
                            .toList());
        }
        return bits;
    }

    /** Of metrics.csv, without times. */
    private static List<String> rows(Path out) throws IOException {
        return TestMetrics.withoutTimes(Files.readString(out.resolve("metrics.csv")))
                .lines()
                .toList();
    }

    private static List<String> markers(Path out) throws IOException {
        try (Stream<Path> files = Files.list(out.resolve("checkpoints"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".json") && !name.startsWith("."))
                    .sorted()
                    .toList();
        }
    }
}
