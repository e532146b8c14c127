package org.sftn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.sftn.conf.DataSettings.ColorJitter;
import org.sftn.conf.DataSettings.Crop;
import org.sftn.conf.DataSettings.RandomResizedCrop;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.data.image.Augmentation;
import org.sftn.data.image.ImageDecoder;
import org.sftn.data.image.ImageFile;
import org.sftn.data.image.NativeImage;
import org.sftn.data.image.Preprocessing;
import org.sftn.data.image.Region;
import org.sftn.data.image.Resizer;
import org.sftn.data.image.TestImages;
import org.sftn.data.image.UnusableImageException;
import org.sftn.data.order.RandomStream;
import org.sftn.nn.Layout;

class ImageViewsTest {
    private static final Path PHOTOGRAPHS =
            Path.of(System.getProperty("sftn.data", "../shared/data"), "imagenet-sample");
    private static final int GRID = 4;

    // Values are then the bytes themselves, divided by 255.
    private static final List<Double> MEAN = List.of(0.0, 0.0, 0.0);
    private static final List<Double> DEVIATION = List.of(1.0, 1.0, 1.0);

    private static final RandomResizedCrop IMAGENET = new RandomResizedCrop(0.08, 1, 0.75, 4 / 3.0);
    private static final Augmentation CUTS =
            new Augmentation(Crop.RANDOM_RESIZED, 4, IMAGENET, true, ColorJitter.NONE, 0);

    private static ImageViews views(int size, int resize, Augmentation augmentation, Layout layout, long seed) {
        return new ImageViews(
                new Preprocessing(size, Store.FILES, MEAN, DEVIATION, resize, augmentation), layout, seed);
    }

    private static Sample sample(byte[] file, long index) {
        return new Sample(index, 0, "image", file);
    }

    private static float[] training(ImageViews views, Sample sample, int epoch, int size)
            throws UnusableImageException {
        float[] values = new float[3 * size * size];
        views.training(sample, epoch, values, 0);
        return values;
    }

    private static Map<Path, byte[]> photographs() throws IOException {
        assumeTrue(Files.isDirectory(PHOTOGRAPHS), "no photographs in " + PHOTOGRAPHS + " (system property sftn.data)");
        try (Stream<Path> all = Files.walk(PHOTOGRAPHS)) {
            Map<Path, byte[]> files = new TreeMap<>();
            for (Path file : all.filter(p -> p.toString().endsWith(".JPEG")).toList()) {
                files.put(file, Files.readAllBytes(file));
            }
            assertThat(files).isNotEmpty();
            return files;
        }
    }

    private static JsonNode facts() throws IOException {
        try (InputStream json = ImageViewsTest.class.getResourceAsStream("/golden/evaluation_views.json")) {
            return new ObjectMapper().readTree(json).get("images");
        }
    }

    /**
     * The evaluation view of real photographs (baseline, gray, with color profiles) is torchvision's on Pillow, see
     * {@code torchvision_views.py --facts}. A reduced image, a color profile that is used, or another chroma upsampling would
     * change every checksum. Decoders may round otherwise than libjpeg-turbo: 2 of 255 is what the mean may differ by.
     */
    @Test
    void evaluationSeesWhatTorchvisionSees() throws IOException, UnusableImageException {
        JsonNode facts = facts();
        ImageViews views = views(224, 256, CUTS, Layout.CHANNELS_LAST, 1);
        float[] values = new float[3 * 224 * 224];
        int equal = 0;
        Map<Path, byte[]> photographs = photographs();
        for (Map.Entry<Path, byte[]> photograph : photographs.entrySet()) {
            JsonNode fact =
                    facts.get(PHOTOGRAPHS.relativize(photograph.getKey()).toString());
            views.evaluation(sample(photograph.getValue(), 0), values, 0);
            CRC32 crc = new CRC32();
            double[] means = new double[GRID * GRID * 3];
            int cell = 224 / GRID;
            for (int i = 0; i < values.length; i++) {
                float value = values[i] * 255;
                crc.update(Math.round(value));
                int y = i / 3 / 224;
                int x = i / 3 % 224;
                means[(y / cell * GRID + x / cell) * 3 + i % 3] += value / (cell * cell);
            }
            equal += crc.getValue() == fact.get("crc32").asLong() ? 1 : 0;
            for (int i = 0; i < means.length; i++) {
                assertThat(means[i])
                        .as(photograph.getKey().toString())
                        .isCloseTo(fact.get("means").get(i).asDouble(), within(2.0));
            }
        }
        if (NativeImage.isAvailable()) {
            assertThat(equal).isEqualTo(photographs.size());
        }
    }

    /** The part of the file's pixels resized, as torchvision's resized_crop: by {@link Resizer} on the part alone. */
    @Test
    void aPartIsResizedAsIfItWereTheWholeImage() throws UnusableImageException {
        BufferedImage whole = TestImages.detailed(60, 40, 1);
        Region part = new Region(3, 7, 31, 45);
        BufferedImage alone = new BufferedImage(45, 31, BufferedImage.TYPE_INT_RGB);
        alone.getGraphics().drawImage(whole, -7, -3, null);

        for (int size : new int[] {5, 16, 50}) {
            ImageDecoder decoder = new ImageDecoder(size);
            assertThat(decoder.planes("image", TestImages.file(whole, "png"), (width, height) -> part))
                    .isEqualTo(decoder.planes(
                            "image",
                            TestImages.file(alone, "png"),
                            (width, height) -> new Region(0, 0, height, width)));
        }
    }

    @Test
    void trainingDependsOnSeedEpochAndIndexAlone() throws UnusableImageException {
        byte[] file = TestImages.file(TestImages.detailed(60, 40, 1), "jpeg");
        Augmentation all =
                new Augmentation(Crop.RANDOM_RESIZED, 0, IMAGENET, true, new ColorJitter(0.4, 0.4, 0.4), 0.1);
        ImageViews views = views(8, 8, all, Layout.CHANNELS_LAST, 1);
        float[] view = training(views, sample(file, 5), 3, 8);

        assertThat(training(views(8, 8, all, Layout.CHANNELS_LAST, 1), sample(file, 5), 3, 8))
                .isEqualTo(view);
        assertThat(training(views, sample(file, 6), 3, 8)).isNotEqualTo(view);
        assertThat(training(views, sample(file, 5), 4, 8)).isNotEqualTo(view);
        assertThat(training(views(8, 8, all, Layout.CHANNELS_LAST, 2), sample(file, 5), 3, 8))
                .isNotEqualTo(view);
    }

    @Test
    void bothLayoutsHoldTheSameValuesAndTheOffsetIsKept() throws UnusableImageException {
        byte[] file = TestImages.file(TestImages.detailed(60, 40, 1), "jpeg");
        float[] first = new float[3 * 64 + 2];
        float[] last = new float[3 * 64 + 2];
        Arrays.fill(first, 9);
        Arrays.fill(last, 9);
        views(8, 8, CUTS, Layout.CHANNELS_FIRST, 1).training(sample(file, 5), 0, first, 1);
        views(8, 8, CUTS, Layout.CHANNELS_LAST, 1).training(sample(file, 5), 0, last, 1);

        for (int i = 0; i < 192; i++) {
            assertThat(first[1 + i % 3 * 64 + i / 3]).isEqualTo(last[1 + i]);
        }
        assertThat(List.of(first[0], first[193], last[0], last[193])).containsOnly(9f);
    }

    @Test
    void everySecondPartIsMirrored() throws UnusableImageException {
        // Red grows from left to right, and so it does in every part.
        BufferedImage ramp = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
        IntStream.range(0, 64 * 64).forEach(i -> ramp.setRGB(i % 64, i / 64, i % 64 * 4 << 16));
        byte[] file = TestImages.file(ramp, "png");
        ImageViews views = views(8, 8, CUTS, Layout.CHANNELS_FIRST, 1);
        int mirrored = 0;
        for (int i = 0; i < 1000; i++) {
            float[] view = training(views, sample(file, i), 0, 8);
            mirrored += view[0] > view[7] ? 1 : 0;
        }
        // Standard error sqrt(1000) / 2 = 16; 4 of these.
        assertThat(mirrored).isBetween(436, 564);
    }

    /** The padded crop with jitter that changes nothing sees what it sees without: the second way to cut agrees with the first. */
    @Test
    void jitterComesAfterThePaddedCrop() throws UnusableImageException {
        byte[] pixels = new byte[3 * 25];
        RandomStream random = RandomStream.of("test", 1);
        IntStream.range(0, pixels.length).forEach(i -> pixels[i] = (byte) random.nextInt(256));
        RandomResizedCrop unused = IMAGENET;
        // A factor of at most 1 + 1e-9 rounds to 1 in single precision.
        ColorJitter hardly = new ColorJitter(1e-9, 0, 0);
        Augmentation plain = Augmentation.padded(6, true);
        Augmentation jittered = new Augmentation(Crop.PADDED, 6, unused, true, hardly, 0);
        Set<Boolean> black = new HashSet<>();
        for (int i = 0; i < 500; i++) {
            List<float[]> both = new ArrayList<>();
            for (Augmentation augmentation : List.of(plain, jittered)) {
                both.add(training(
                        new ImageViews(
                                new Preprocessing(5, Store.PIXELS, MEAN, DEVIATION, 5, augmentation),
                                Layout.CHANNELS_LAST,
                                1),
                        sample(pixels, i),
                        0,
                        5));
            }
            assertThat(both.get(1)).isEqualTo(both.get(0));
            black.add(Arrays.equals(both.get(0), new float[75]));
        }
        assertThat(black).containsExactlyInAnyOrder(true, false);
    }

    @Test
    void lightingMovesEachChannelByOneNumber() throws UnusableImageException {
        byte[] file = TestImages.file(TestImages.detailed(60, 40, 1), "png");
        Augmentation lit = new Augmentation(Crop.RANDOM_RESIZED, 4, IMAGENET, true, ColorJitter.NONE, 0.1);
        float[] dark = training(views(8, 8, CUTS, Layout.CHANNELS_FIRST, 1), sample(file, 5), 0, 8);
        float[] light = training(views(8, 8, lit, Layout.CHANNELS_FIRST, 1), sample(file, 5), 0, 8);

        for (int c = 0; c < 3; c++) {
            float shift = light[c * 64] - dark[c * 64];
            assertThat(shift).isNotZero();
            for (int i = 0; i < 64; i++) {
                // Single precision of values up to 1.2.
                assertThat(light[c * 64 + i] - dark[c * 64 + i]).isCloseTo(shift, within(3e-7f));
            }
        }
    }

    /**
     * What reducing while decoding changes: parts of photographs two to four times as large as the result. Measured: 0.92 of 255 in the
     * mean over 102 photographs. A part that lay half a pixel off would give far more.
     */
    @Test
    void reducedDecodingChangesTheTrainingViewLittle() throws IOException, UnusableImageException {
        int size = 112;
        double sum = 0;
        int parts = 0;
        for (byte[] file : photographs().values()) {
            ImageFile image = ImageFile.open("image", file);
            if (Math.min(image.width(), image.height()) < 2 * size + 11) {
                continue;
            }
            Region part = new Region(4, 7, image.height() - 11, image.width() - 9);
            byte[] reduced = new ImageDecoder(size).planes("image", file, (width, height) -> part);
            byte[] full;
            try (Resizer.Source pixels = image.decode(1)) {
                full = Resizer.planes(
                        pixels,
                        Resizer.Axis.part(part.left(), part.width(), image.width(), 1, size),
                        Resizer.Axis.part(part.top(), part.height(), image.height(), 1, size),
                        size,
                        size);
            }
            double difference = IntStream.range(0, full.length)
                    .mapToDouble(i -> Math.abs((full[i] & 0xFF) - (reduced[i] & 0xFF)))
                    .average()
                    .orElseThrow();
            assertThat(difference).isLessThan(6);
            sum += difference;
            parts++;
        }
        assertThat(parts).isGreaterThan(80);
        assertThat(sum / parts).isLessThan(1.2);
    }

    @Test
    void whatCannotBeDecodedIsSaid() {
        ImageViews views = views(8, 8, CUTS, Layout.CHANNELS_LAST, 1);
        float[] values = new float[192];
        byte[] file = TestImages.file(TestImages.detailed(60, 40, 1), "jpeg");
        Sample truncated = sample(Arrays.copyOf(file, file.length / 2), 0);

        assertThatThrownBy(() -> views.training(truncated, 0, values, 0))
                .isInstanceOf(UnusableImageException.class)
                .hasMessage("it is truncated");
        assertThatThrownBy(() -> views.evaluation(truncated, values, 0)).hasMessage("it is truncated");
        assertThatThrownBy(() -> views.evaluation(sample(new byte[0], 0), values, 0))
                .hasMessage("it is empty");
    }

    @Test
    void pixelsHaveNoParts() {
        assertThatThrownBy(() -> new Preprocessing(8, Store.PIXELS, MEAN, DEVIATION, 8, CUTS))
                .hasMessage("parts cannot be cut out of image files: the data set holds pixels");
        assertThatThrownBy(() -> views(8, 7, CUTS, Layout.CHANNELS_LAST, 1))
                .hasMessage("images cannot be of size 8 after resizing to 7 for evaluation");
    }
}
