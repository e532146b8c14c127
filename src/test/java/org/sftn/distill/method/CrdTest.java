package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.ObjectiveRun;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.data.order.RandomStream;
import org.sftn.distill.MethodContext;
import org.sftn.distill.MethodLoss;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;
import org.sftn.distill.method.Crd.Positive;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.mkl.MklArithmetic;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.train.RankLabels;

class CrdTest {
    private static final int DIMENSION = 6;

    private final Arithmetic arithmetic = new MklArithmetic(2);

    @AfterEach
    void endThreads() {
        arithmetic.close();
    }

    /** 1000 images of 10 classes, of unequal sizes. */
    private static int[] labels() {
        return IntStream.range(0, 1000)
                .map(i -> (int) (10 * Math.pow(i % 97 / 97.0, 1.5)))
                .toArray();
    }

    private static RandomStream stream(long key) {
        return RandomStream.of("test", key);
    }

    @Test
    void negativesAreDistinctAndOfOtherClasses() {
        int[] labels = labels();
        NegativeSampler sampler = new NegativeSampler(labels, 64, 300, Positive.EXACT);
        for (int step = 0; step < 20; step++) {
            int first = step * 13;
            int[] rows = IntStream.range(0, 64).map(i -> (first + i * 7) % 1000).toArray();
            Negatives drawn = sampler.draw(rows, stream(step));
            assertThat(drawn.positives()).isEqualTo(rows);
            assertThat(drawn.each()).isEqualTo(300);
            assertThat(Arrays.stream(drawn.pool(), 0, drawn.size()).distinct().count())
                    .isEqualTo(drawn.size());
            for (int image = 0; image < rows.length; image++) {
                int[] counts = byRow(drawn, image, labels.length);
                assertThat(Arrays.stream(counts).max()).hasValue(1);
                assertThat(Arrays.stream(counts).sum()).isEqualTo(300);
                int label = labels[rows[image]];
                assertThat(IntStream.range(0, labels.length).filter(row -> counts[row] > 0 && labels[row] == label))
                        .isEmpty();
            }
        }
    }

    @Test
    void theNegativesOfAnImageAreUniform() {
        int[] labels = labels();
        NegativeSampler sampler = new NegativeSampler(labels, 3, 50, Positive.EXACT);
        int draws = 2000;
        int[][] sums = new int[3][labels.length];
        int[] rows = {0, 400, 960};
        for (int step = 0; step < draws; step++) {
            Negatives drawn = sampler.draw(rows, stream(step));
            for (int image = 0; image < 3; image++) {
                add(byRow(drawn, image, labels.length), sums[image]);
            }
        }
        for (int image = 0; image < 3; image++) {
            int label = labels[rows[image]];
            int[] others = IntStream.range(0, labels.length)
                    .filter(row -> labels[row] != label)
                    .toArray();
            double share = 50.0 / others.length;
            requireUniform(sums[image], others, draws * share, draws * share * (1 - share));
        }
    }

    @ParameterizedTest
    @CsvSource({
        // of one class, other classes, negatives: the first has too few others, then all have
        "90, 10, 20",
        "6, 4, 50",
        "1, 1, 8"
    })
    void whereOtherClassesHaveTooFewRowsTheyAreDrawnWithReplacement(int ofFirst, int others, int negatives) {
        int[] labels = IntStream.range(0, ofFirst + others)
                .map(i -> i < ofFirst ? 2 : 3 + i % 2)
                .toArray();
        int[] rows = {0, ofFirst};
        NegativeSampler sampler = new NegativeSampler(labels, 2, negatives, Positive.EXACT);
        int draws = 3000;
        int[] ofFirstImage = new int[labels.length];
        for (int step = 0; step < draws; step++) {
            Negatives drawn = sampler.draw(rows, stream(step));
            assertThat(drawn.size()).isLessThanOrEqualTo(labels.length + negatives + ofFirst);
            for (int image = 0; image < 2; image++) {
                int[] counts = byRow(drawn, image, labels.length);
                assertThat(Arrays.stream(counts).sum()).isEqualTo(negatives);
                int label = labels[rows[image]];
                assertThat(IntStream.range(0, labels.length).filter(row -> counts[row] > 0 && labels[row] == label))
                        .isEmpty();
                if (image == 0) {
                    add(counts, ofFirstImage);
                }
            }
        }
        double mean = (double) draws * negatives / others;
        requireUniform(
                ofFirstImage, IntStream.range(ofFirst, labels.length).toArray(), mean, mean * (1 - 1.0 / others));
    }

    @Test
    void drawsDependOnTheStreamAlone() {
        int[] labels = labels();
        int[] rows = {3, 5, 700};
        NegativeSampler used = new NegativeSampler(labels, 8, 100, Positive.RELAX);
        used.draw(new int[] {1, 2, 3, 4, 5, 6, 7, 8}, stream(1));
        Negatives after = used.draw(rows, stream(2));
        Negatives fresh = new NegativeSampler(labels, 8, 100, Positive.RELAX).draw(rows, stream(2));
        assertThat(after.positives()).isEqualTo(fresh.positives());
        for (int image = 0; image < rows.length; image++) {
            assertThat(byRow(after, image, 1000)).isEqualTo(byRow(fresh, image, 1000));
        }
        Negatives other = new NegativeSampler(labels, 8, 100, Positive.RELAX).draw(rows, stream(3));
        assertThat(byRow(other, 0, 1000)).isNotEqualTo(byRow(fresh, 0, 1000));
    }

    @Test
    void aRelaxedPositiveIsAnyImageOfTheClass() {
        int[] labels = labels();
        NegativeSampler sampler = new NegativeSampler(labels, 1, 10, Positive.RELAX);
        int[] sums = new int[labels.length];
        int[] own = IntStream.range(0, labels.length)
                .filter(row -> labels[row] == labels[500])
                .toArray();
        int draws = 100 * own.length;
        for (int step = 0; step < draws; step++) {
            sums[sampler.draw(new int[] {500}, stream(step)).positives()[0]]++;
        }
        assertThat(Arrays.stream(own).map(row -> sums[row]).sum()).isEqualTo(draws);
        requireUniform(sums, own, 100, 100);
    }

    @Test
    void anExecutorWithImagesOfOneClassIsRefused() {
        NegativeSampler sampler = new NegativeSampler(new int[] {4, 4, 4}, 2, 5, Positive.EXACT);
        assertThatThrownBy(() -> sampler.draw(new int[] {1}, stream(1)))
                .isInstanceOf(UserException.class)
                .hasMessage("crd compares images with those of other classes on the same executor;"
                        + " all 3 images of this one are of class 4");
    }

    /** Over several blocks and parts, and with counts above 1. */
    @Test
    void theLossIsTheFormulaWhateverTheSizeOfThePool() {
        int images = 3000;
        int batch = 5;
        Random random = new Random(1);
        MemoryBank memory = MemoryBank.random(LongStream.range(0, images).toArray(), DIMENSION, 3, 0);
        UnitVectors anchors = UnitVectors.of(gaussian(batch, random));
        ContrastiveLoss contrast = new ContrastiveLoss(arithmetic, batch, DIMENSION, 0.1);
        for (int size : new int[] {1, 63, 700, 40_000}) {
            int[] pool = random.ints(size, 0, images).toArray();
            float[] counts = new float[size + 3];
            Arrays.fill(counts, 7);
            for (int i = 0; i < size; i++) {
                counts[i] = i % 11 == 3 ? 3 : i % 5 == 2 ? 0 : 1;
            }
            int each =
                    (int) IntStream.range(0, size).mapToDouble(i -> counts[i]).sum();
            float[][] shared = new float[batch][];
            Arrays.fill(shared, counts);
            int[] positives = random.ints(batch, 0, images).toArray();
            Negatives negatives = new Negatives(positives, pool, size, shared, each);
            double z = 1000;
            ContrastiveLoss.Result found = contrast.of(anchors.rows(), memory, negatives, z, images);

            double noise = (double) each / images;
            double value = 0;
            double exponentials = 0;
            double[] gradient = new double[batch * DIMENSION];
            for (int anchor = 0; anchor < batch; anchor++) {
                for (int i = -1; i < size; i++) {
                    int row = i < 0 ? positives[anchor] : pool[i];
                    double count = i < 0 ? 1 : counts[i];
                    double e = Math.exp(UnitVectors.dot(
                                    anchors.rows(), anchor * DIMENSION, memory.values(), row * DIMENSION, DIMENSION)
                            / 0.1);
                    exponentials += count * e;
                    double p = e / z;
                    double all = p + noise + 1e-7;
                    value -= count * Math.log((i < 0 ? p : noise) / all) / batch;
                    double slope = count * (i < 0 ? p / all - 1 : p / all) / 0.1 / batch;
                    for (int d = 0; d < DIMENSION; d++) {
                        gradient[anchor * DIMENSION + d] += slope * memory.values()[row * DIMENSION + d];
                    }
                }
            }
            assertThat(found.value()).isCloseTo(value, within(1e-6 * value));
            double norm = Math.sqrt(Arrays.stream(gradient).map(g -> g * g).sum());
            for (int i = 0; i < gradient.length; i++) {
                assertThat((double) found.gradient()[i]).isCloseTo(gradient[i], within(1e-5 * norm));
            }
            double normalizer = exponentials / (batch * (each + 1)) * images;
            assertThat(contrast.normalizer(anchors.rows(), memory, negatives, images))
                    .isCloseTo(normalizer, within(1e-6 * normalizer));
        }
    }

    @Test
    void theLargestAndSmallestScoresStayFinite() {
        float[] rows = {(float) Math.sqrt(3), (float) -Math.sqrt(3)};
        ContrastiveLoss contrast = new ContrastiveLoss(arithmetic, 2, 1, 0.02);
        float[] anchors = {1, -1};
        float[][] counts = {{1, 1}, {1, 1}};
        Negatives negatives = new Negatives(new int[] {0, 0}, new int[] {0, 1}, 2, counts, 2);
        MemoryBank memory = new MemoryBank(rows, 1);
        double z = contrast.normalizer(anchors, memory, negatives, 2);
        ContrastiveLoss.Result result = contrast.of(anchors, memory, negatives, z, 2);
        assertThat(z).isFinite().isPositive();
        assertThat(result.value()).isFinite().isPositive();
        assertThat(result.gradient()[0]).isFinite();
        assertThat(result.gradient()[1]).isFinite();
    }

    @Test
    void aRowOfTheMemoryDependsOnItsImageAndTheSeedAlone() {
        MemoryBank all = MemoryBank.random(LongStream.range(0, 100).toArray(), 128, 5, 0);
        MemoryBank some = MemoryBank.random(new long[] {7, 93}, 128, 5, 0);
        assertThat(Arrays.copyOfRange(some.values(), 128, 256))
                .isEqualTo(Arrays.copyOfRange(all.values(), 93 * 128, 94 * 128));
        assertThat(MemoryBank.random(new long[] {7}, 128, 5, 1).values())
                .isNotEqualTo(MemoryBank.random(new long[] {7}, 128, 5, 0).values());
        double bound = Math.sqrt(3 / 128.0);
        double squares = 0;
        for (float value : all.values()) {
            assertThat((double) value).isBetween(-bound, bound);
            squares += value * value;
        }
        assertThat(squares / 100).isCloseTo(1, within(0.02));
    }

    @Test
    void itGoesOnFromItsStateWithTheSameBits() {
        MethodLoss whole = crd(9).open(place(30, 4));
        List<Double> values = losses(whole, 0, 6);
        MethodLoss half = crd(9).open(place(30, 4));
        assertThat(losses(half, 0, 3)).isEqualTo(values.subList(0, 3));
        Map<String, Tensor> saved = new LinkedHashMap<>();
        half.state()
                .forEach((name, tensor) -> saved.put(
                        name, new Tensor(tensor.shape(), tensor.values().clone())));
        assertThat(saved).containsOnlyKeys("student-memory", "teacher-memory", "normalizers");
        losses(half, 0, 3);
        half.restore(saved);
        assertThat(losses(half, 3, 6)).isEqualTo(values.subList(3, 6));
        MethodLoss resumed = crd(9).open(place(30, 4));
        resumed.restore(saved);
        assertThat(losses(resumed, 3, 6)).isEqualTo(values.subList(3, 6));
        resumed.state()
                .forEach((name, tensor) -> assertThat(tensor.values())
                        .isEqualTo(whole.state().get(name).values()));
    }

    @ParameterizedTest
    @CsvSource({"30, 3", "30, 1", "2, 1", "3, 3"})
    void smallBatchesAndShardsHaveFiniteLosses(int images, int batch) {
        MethodLoss method = crd(16).open(place(images, Math.min(images, 4)));
        for (int step = 0; step < 2; step++) {
            MethodLoss.Term term = step(method, images, batch, step);
            assertThat(term.value()).isFinite().isPositive();
            assertThat(term.gradients()).containsOnlyKeys("module.student", "module.teacher");
            term.gradients().forEach((name, gradient) -> {
                assertThat(gradient.shape()).isEqualTo(Shape.of(batch, DIMENSION));
                for (float value : gradient.values()) {
                    assertThat(value).isFinite();
                }
            });
        }
    }

    @Test
    void onlyTheRowsOfTheBatchFollow() {
        MethodLoss method = crd(9).open(place(30, 4));
        float[] memory = method.state().get("student-memory").values();
        float[] before = memory.clone();
        step(method, 30, 2, 0);
        for (int row = 0; row < 30; row++) {
            int at = row * DIMENSION;
            boolean same = Arrays.equals(before, at, at + DIMENSION, memory, at, at + DIMENSION);
            assertThat(same).as("row %d", row).isEqualTo(row > 1);
            if (row <= 1) {
                assertThat(UnitVectors.dot(memory, at, memory, at, DIMENSION)).isCloseTo(1, within(1e-6));
            }
        }
    }

    @Test
    void bothPooledFeaturesAreEmbedded() {
        Network module = crd(9).module().orElseThrow();
        assertThat(module.inputs()).isEqualTo(Map.of("student.pooled", Shape.of(5), "teacher.pooled", Shape.of(8)));
        assertThat(module.tapShape("student")).isEqualTo(Shape.of(DIMENSION));
        assertThat(module.tapShape("teacher")).isEqualTo(Shape.of(DIMENSION));
    }

    @Test
    void theNotesGiveTheMemory() {
        Crd crd = new Crd(256, 256, 0.8, 16384, 0.07, 0.5, 128, Positive.EXACT);
        assertThat(crd.notes(50_000, 64))
                .containsExactly(
                        "images are compared with those of other classes on the same executor: at most 50000 there, n of the noise 1/n",
                        "memory on each executor: 2 banks x 50000 images x 128 x 4 bytes = 48.8 MiB,"
                                + " and 4.0 MiB for 16384 negatives of 64 images");
    }

    @Test
    void itIsBoundFromItsSettings() {
        Pair pair = new Pair(
                Optional.of(new Pair.Teacher(ObjectiveRun.zoo("resnet8x4"), Map.of())), ObjectiveRun.zoo("resnet8"));
        Recipe recipe = Methods.recipe(settings(Map.of("distill.method", "crd", "distill.crd.mode", "relax")), pair);
        assertThat(recipe.crossEntropyWeight()).isEqualTo(1);
        assertThat(recipe.terms())
                .isEqualTo(Map.of("crd", new Crd(64, 256, 0.8, 16384, 0.07, 0.5, 128, Positive.RELAX)));
        assertRefused(pair, "weight", "-1", "at least 0");
        assertRefused(pair, "temperature", "0.01", "at least 0.02");
        assertRefused(pair, "negatives", "0", "at least 1");
        assertRefused(pair, "momentum", "1", "less than 1");
    }

    private static void assertRefused(Pair pair, String key, String value, String limit) {
        Settings settings = settings(Map.of("distill.crd." + key, value));
        assertThatThrownBy(() -> Crd.bind(settings, "distill.crd", pair))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(
                        String.format(Locale.ROOT, "distill.crd.%s is %s, it must be %s (test)", key, value, limit));
    }

    private static Settings settings(Map<String, String> values) {
        return Settings.of(List.of(Settings.assignments(values, "test")));
    }

    private static Crd crd(int negatives) {
        return new Crd(5, 8, 0.8, negatives, 0.07, 0.5, DIMENSION, Positive.EXACT);
    }

    /** Images 3, 5, 7, ... of the split, in three classes in turn. */
    private MethodContext place(int images, int batch) {
        return new MethodContext(
                new RankLabels(
                        LongStream.range(0, images).map(i -> 2 * i + 3).toArray(),
                        () -> IntStream.range(0, images).map(i -> i % 3).toArray(),
                        batch,
                        1),
                arithmetic);
    }

    private static List<Double> losses(MethodLoss method, int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(step -> step(method, 30, 4, step).value())
                .toList();
    }

    private static MethodLoss.Term step(MethodLoss method, int images, int batch, int step) {
        Random random = new Random(step);
        int[] rows =
                IntStream.range(0, batch).map(i -> (step * batch + i) % images).toArray();
        Batch data = new Batch(
                Tensor.zeros(Shape.of(batch, 1, 1, 1)),
                Arrays.stream(rows).map(row -> row % 3).toArray(),
                Arrays.stream(rows).mapToLong(row -> 2L * row + 3).toArray());
        Map<String, Tensor> values =
                Map.of("module.student", gaussian(batch, random), "module.teacher", gaussian(batch, random));
        return method.loss(values, data, step / 4);
    }

    private static Tensor gaussian(int rows, Random random) {
        Tensor tensor = Tensor.zeros(Shape.of(rows, DIMENSION));
        for (int i = 0; i < tensor.values().length; i++) {
            tensor.values()[i] = (float) random.nextGaussian();
        }
        return tensor;
    }

    private static int[] byRow(Negatives negatives, int image, int rows) {
        int[] counts = new int[rows];
        for (int i = 0; i < negatives.size(); i++) {
            counts[negatives.pool()[i]] += (int) negatives.counts()[image][i];
        }
        return counts;
    }

    private static void add(int[] counts, int[] sums) {
        for (int i = 0; i < counts.length; i++) {
            sums[i] += counts[i];
        }
    }

    /** The sum of squared standard scores is within five standard deviations of its mean, the number of rows. */
    private static void requireUniform(int[] sums, int[] rows, double mean, double variance) {
        if (rows.length > 1) {
            double squares = Arrays.stream(rows)
                    .mapToDouble(row -> (sums[row] - mean) * (sums[row] - mean) / variance)
                    .sum();
            assertThat(squares).isCloseTo(rows.length, within(5 * Math.sqrt(2.0 * rows.length) + 1));
        }
    }
}
