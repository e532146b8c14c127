package org.sftn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.UserException;
import org.sftn.data.image.Preprocessing;
import org.sftn.nn.Layout;
import org.sftn.nn.Shape;

class BatchLoaderTest {
    private static final int SIZE = 5;
    private static final List<Double> MEAN = List.of(0.1, 0.5, 0.9);
    private static final List<Double> DEVIATION = List.of(0.25, 0.5, 1.0);

    private static byte[] image(long index) {
        byte[] planes = new byte[3 * SIZE * SIZE];
        for (int i = 0; i < planes.length; i++) {
            planes[i] = (byte) (1 + i * 3 + index * 11);
        }
        return planes;
    }

    private static BatchLoader loader(int padding, boolean flip, long seed) {
        return loader(padding, flip, seed, Layout.CHANNELS_FIRST);
    }

    private static BatchLoader loader(int padding, boolean flip, long seed, Layout layout) {
        return new BatchLoader(
                new Preprocessing(SIZE, Store.PIXELS, MEAN, DEVIATION, padding, flip), layout, seed, Damaged.FAIL);
    }

    private static List<Sample> samples(int... indices) {
        return IntStream.of(indices)
                .mapToObj(i -> new Sample(i, i % 7, "image " + i, image(i)))
                .toList();
    }

    private static Batch training(BatchLoader loader, int epoch, int... indices) {
        return loader.training(epoch, samples(indices), Runnable::run)
                .join()
                .batch()
                .orElseThrow();
    }

    private static Batch evaluation(BatchLoader loader, int... indices) {
        return loader.evaluation(samples(indices), Runnable::run).join().batch().orElseThrow();
    }

    private static float normalized(int value, int channel) {
        return (value / 255f - MEAN.get(channel).floatValue())
                / DEVIATION.get(channel).floatValue();
    }

    /** What training must make of an image, written without any cleverness. */
    private static float[] expected(byte[] planes, int top, int left, boolean flip) {
        float[] out = new float[planes.length];
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < SIZE; y++) {
                for (int x = 0; x < SIZE; x++) {
                    int row = y + top;
                    int column = (flip ? SIZE - 1 - x : x) + left;
                    boolean inside = row >= 0 && row < SIZE && column >= 0 && column < SIZE;
                    int value = inside ? planes[(c * SIZE + row) * SIZE + column] & 0xFF : 0;
                    out[(c * SIZE + y) * SIZE + x] = normalized(value, c);
                }
            }
        }
        return out;
    }

    private static boolean same(float[] a, float[] b) {
        return IntStream.range(0, a.length).allMatch(i -> Math.abs(a[i] - b[i]) < 1e-5);
    }

    @Test
    void evaluationNormalizesWholeImages() {
        Batch batch = evaluation(loader(4, true, 1), 3, 0);

        assertThat(batch.images().shape()).isEqualTo(Shape.of(2, 3, SIZE, SIZE));
        assertThat(batch.labels()).containsExactly(3, 0);
        assertThat(batch.indices()).containsExactly(3, 0);
        float[] values = batch.images().values();
        assertThat(same(Arrays.copyOfRange(values, 0, 75), expected(image(3), 0, 0, false)))
                .isTrue();
        assertThat(same(Arrays.copyOfRange(values, 75, 150), expected(image(0), 0, 0, false)))
                .isTrue();
        assertThat(values[0]).isCloseTo(normalized(1 + 33, 0), within(1e-6f));
    }

    @Test
    void trainingTakesEveryCropAndFlipOfTheBlackPaddedImage() {
        // A padding above the image's size leaves some crops wholly black.
        int padding = SIZE + 1;
        BatchLoader loader = loader(padding, true, 1);
        Set<String> seen = new HashSet<>();
        for (int epoch = 0; epoch < 30; epoch++) {
            float[] values = training(loader, epoch, IntStream.range(0, 100).toArray())
                    .images()
                    .values();
            for (int i = 0; i < 100; i++) {
                float[] actual = Arrays.copyOfRange(values, i * 75, (i + 1) * 75);
                String match = null;
                for (int top = -padding; top <= padding && match == null; top++) {
                    for (int left = -padding; left <= padding && match == null; left++) {
                        for (boolean flip : new boolean[] {false, true}) {
                            if (same(actual, expected(image(i), top, left, flip))) {
                                boolean black = Math.abs(top) >= SIZE || Math.abs(left) >= SIZE;
                                match = black ? "black" : top + " " + left + " " + flip;
                                break;
                            }
                        }
                    }
                }
                assertThat(match).isNotNull();
                seen.add(match);
            }
        }
        assertThat(seen).hasSize(9 * 9 * 2 + 1);
    }

    @Test
    void bothLayoutsHoldTheSameValues() {
        // Crops of every kind: in part and wholly black, mirrored and not.
        int padding = SIZE + 1;
        BatchLoader first = loader(padding, true, 1, Layout.CHANNELS_FIRST);
        BatchLoader last = loader(padding, true, 1, Layout.CHANNELS_LAST);
        int[] positions = IntStream.range(0, 200).toArray();
        for (int epoch = 0; epoch < 5; epoch++) {
            checkSameValues(training(first, epoch, positions), training(last, epoch, positions));
        }
        checkSameValues(evaluation(first, positions), evaluation(last, positions));
    }

    private static void checkSameValues(Batch first, Batch last) {
        assertThat(first.images().layout()).isEqualTo(Layout.CHANNELS_FIRST);
        assertThat(last.images().layout()).isEqualTo(Layout.CHANNELS_LAST);
        assertThat(last.images().shape()).isEqualTo(first.images().shape());
        assertThat(last.labels()).isEqualTo(first.labels());
        assertThat(last.indices()).isEqualTo(first.indices());
        float[] reordered = new float[first.images().values().length];
        for (int image = 0; image < first.size(); image++) {
            for (int c = 0; c < 3; c++) {
                for (int at = 0; at < SIZE * SIZE; at++) {
                    reordered[(image * 3 + c) * SIZE * SIZE + at] =
                            last.images().values()[(image * SIZE * SIZE + at) * 3 + c];
                }
            }
        }
        assertThat(reordered).isEqualTo(first.images().values());
    }

    @Test
    void augmentationDependsOnSeedEpochAndIndexAlone() {
        BatchLoader loader = loader(4, true, 1);
        float[] together = training(loader, 3, 10, 20).images().values();
        float[] alone = training(loader(4, true, 1), 3, 20).images().values();

        assertThat(Arrays.copyOfRange(together, 75, 150)).isEqualTo(alone);
        int[] all = IntStream.range(0, 50).toArray();
        assertThat(training(loader, 3, all).images().values())
                .isNotEqualTo(training(loader, 4, all).images().values());
        assertThat(training(loader, 3, all).images().values())
                .isNotEqualTo(training(loader(4, true, 2), 3, all).images().values());
    }

    @Test
    void withoutPaddingAndFlipTrainingSeesTheImageItself() {
        BatchLoader loader = loader(0, false, 1);

        assertThat(training(loader, 3, 10, 20).images().values())
                .isEqualTo(evaluation(loader, 10, 20).images().values());
    }

    @Test
    void anImageOfAnotherSizeIsRefused() {
        BatchLoader loader = new BatchLoader(
                new Preprocessing(6, Store.PIXELS, MEAN, DEVIATION, 0, false), Layout.CHANNELS_FIRST, 1, Damaged.FAIL);

        assertThatThrownBy(() -> evaluation(loader, 0))
                .hasRootCauseMessage("an image of 6 x 6 pixels needs 108 bytes, not 75");
    }

    @Test
    void damagedImagesAreLeftOutAndCounted() {
        List<Sample> samples = new ArrayList<>(samples(5, 6, 7));
        samples.set(1, Sample.damaged(6));
        BatchLoader.Loaded loaded =
                loader(0, false, 1).evaluation(samples, Runnable::run).join();

        Batch batch = loaded.batch().orElseThrow();
        assertThat(loaded.skipped()).isEqualTo(1);
        assertThat(batch.indices()).containsExactly(5, 7);
        assertThat(batch.names()).containsExactly("image 5", "image 7");
        assertThat(batch.images().shape()).isEqualTo(Shape.of(2, 3, SIZE, SIZE));
        assertThat(batch.images().values())
                .isEqualTo(evaluation(loader(0, false, 1), 5, 7).images().values());
        assertThat(loader(0, false, 1)
                        .evaluation(List.of(Sample.damaged(3)), Runnable::run)
                        .join())
                .isEqualTo(new BatchLoader.Loaded(Optional.empty(), 1));
    }

    @Test
    void aFileThatCannotBeDecodedFailsOrIsSkipped() {
        Preprocessing files = new Preprocessing(6, Store.FILES, MEAN, DEVIATION, 0, false);
        List<Sample> samples = List.of(new Sample(4, 1, "dog/half.jpg", new byte[] {1, 2, 3}));

        assertThatThrownBy(() -> new BatchLoader(files, Layout.CHANNELS_FIRST, 1, Damaged.FAIL)
                        .evaluation(samples, Runnable::run)
                        .join())
                .cause()
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "image 4 of the data set, dog/half.jpg, cannot be decoded: it is not a JPEG, PNG, BMP, PBM, PGM, PPM, TIFF or WebP image");
        assertThat(new BatchLoader(files, Layout.CHANNELS_FIRST, 1, Damaged.SKIP)
                        .evaluation(samples, Runnable::run)
                        .join()
                        .skipped())
                .isEqualTo(1);
    }

    @Test
    void aDeviationOfZeroIsRefused() {
        assertThatThrownBy(() -> new Preprocessing(6, Store.PIXELS, MEAN, List.of(1.0, 0.0, 1.0), 0, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("values cannot be normalized by mean [0.1, 0.5, 0.9] and deviation [1.0, 0.0, 1.0]");
    }
}
