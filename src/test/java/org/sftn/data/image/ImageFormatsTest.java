package org.sftn.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.LocalSpark;
import org.sftn.TestJvm;
import org.sftn.TestSettings;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.Settings;
import org.sftn.data.Batch;
import org.sftn.data.BatchLoader;
import org.sftn.data.Sample;
import org.sftn.data.TestData;
import org.sftn.data.shard.Manifest;
import org.sftn.nn.Layout;

/** Files of all formats and kinds, and what Pillow makes of them: {@code src/test/python/image_files.py}. */
public class ImageFormatsTest {
    /** @param crc32 of R, G, B of each pixel; null for a file that is refused */
    private record Golden(String name, byte[] file, int width, int height, Long crc32) {
        @Override
        public String toString() {
            return name;
        }

        boolean needsNativeLibrary() {
            return name.endsWith(".webp") || name.contains("jpeg");
        }
    }

    private static List<Golden> all() {
        try (InputStream json = ImageFormatsTest.class.getResourceAsStream("/golden/image_files.json")) {
            List<Golden> all = new ArrayList<>();
            new ObjectMapper().readTree(json).get("images").properties().forEach(image -> {
                JsonNode facts = image.getValue();
                all.add(new Golden(
                        image.getKey(),
                        Base64.getDecoder().decode(facts.get("file").asText()),
                        facts.path("width").asInt(),
                        facts.path("height").asInt(),
                        facts.has("crc32") ? facts.get("crc32").asLong() : null));
            });
            return all;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    static Stream<Golden> images() {
        return all().stream().filter(image -> image.crc32 != null);
    }

    /** Files that can be read, of some format. */
    public static List<byte[]> files(String extension) {
        return images().filter(image -> image.name.matches(".+\\.(" + extension + ")"))
                .map(Golden::file)
                .toList();
    }

    private static byte[] file(String name) {
        return all().stream()
                .filter(image -> image.name.equals(name))
                .findFirst()
                .orElseThrow()
                .file;
    }

    /** R, G, B of each pixel in turn. */
    private static byte[] pixels(Resizer.Source image) {
        byte[] pixels = new byte[3 * image.width() * image.height()];
        int[] row = new int[image.width()];
        for (int y = 0, at = 0; y < image.height(); y++) {
            image.row(y, 0, row.length, row);
            for (int pixel : row) {
                pixels[at++] = (byte) (pixel >>> 24);
                pixels[at++] = (byte) (pixel >>> 16);
                pixels[at++] = (byte) (pixel >>> 8);
            }
        }
        return pixels;
    }

    @ParameterizedTest
    @MethodSource("images")
    void pixelsArePillows(Golden image) throws UnusableImageException {
        assumeThat(NativeImage.isAvailable() || !image.needsNativeLibrary()).isTrue();
        ImageFile file = ImageFile.open(image.name, image.file);
        assertThat(file.width()).isEqualTo(image.width);
        assertThat(file.height()).isEqualTo(image.height);
        try (Resizer.Source decoded = file.decode(8)) {
            assertThat(decoded.width()).isEqualTo(image.width);
            assertThat(decoded.height()).isEqualTo(image.height);
            CRC32 crc = new CRC32();
            crc.update(pixels(decoded));
            assertThat(crc.getValue()).isEqualTo(image.crc32);
            // A part of a row.
            int[] whole = new int[image.width];
            decoded.row(2, 0, whole.length, whole);
            int[] part = new int[5];
            decoded.row(2, 3, part.length, part);
            assertThat(part).isEqualTo(Arrays.copyOfRange(whole, 3, 8));
        }
    }

    /** Pillow makes it white. */
    @ParameterizedTest
    @CsvSource({"gray-16.tiff", "gray-16-big-endian.tiff", "p5-16-bits.pgm", "p2-16-bits.pgm"})
    void grayOfSixteenBitsIsCutToEight(String name) throws UnusableImageException {
        assertThat(pixels(ImageFile.open(name, file(name)).decode(1)))
                .isEqualTo(pixels(ImageFile.open("gray.tif", file("gray.tif")).decode(1)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "float.tiff|a TIFF with samples that are no unsigned integers is not supported",
                "signed.tiff|a TIFF with samples that are no unsigned integers is not supported",
                "lab.tiff|a TIFF with photometric interpretation 8 is not supported",
                "cmyk-jpeg.tiff|a TIFF with photometric interpretation 5, compression 7 and 4 samples of 8 bits is not supported",
                "lzma.tiff|a TIFF with compression 34925 is not supported",
                "jpeg-inside.bmp|a BMP with compression 4 is not supported",
            })
    void whatIsNotSupportedIsNamed(String name, String reason) {
        assertThatThrownBy(() -> ImageFile.open(name, file(name)))
                .isInstanceOf(UnusableImageException.class)
                .hasMessage(reason);
    }

    static Stream<Golden> singleImages() {
        return images().filter(image -> !image.name.equals("two-images.tiff"));
    }

    @ParameterizedTest
    @MethodSource("singleImages")
    void aTruncatedFileIsNotUsable(Golden image) {
        assumeThat(NativeImage.isAvailable() || !image.needsNativeLibrary()).isTrue();
        for (int percent : new int[] {2, 10, 30, 50, 70, 90}) {
            byte[] truncated = Arrays.copyOf(image.file, image.file.length * percent / 100);
            assertThatThrownBy(() ->
                            ImageFile.open(image.name, truncated).decode(1).close())
                    .as("%d bytes of %d", truncated.length, image.file.length)
                    .isInstanceOf(UnusableImageException.class)
                    .hasMessageMatching(".+");
        }
    }

    /** Each by a name of its own format, which does not matter. */
    @Test
    void allFormatsArePreparedAndStoredFilesGiveTheSamePixels(@TempDir Path folder) throws IOException {
        assumeThat(NativeImage.isAvailable()).isTrue();
        List<String> names = List.of(
                "24.bmp",
                "p6.ppm",
                "p5.pgm",
                "gray.tif",
                "rgb-lzw.tiff",
                "ycbcr-jpeg.tiff",
                "lossy.webp",
                "lossless.webp");
        for (String split : List.of("train", "test")) {
            for (int i = 0; i < names.size(); i++) {
                Path ofClass = Files.createDirectories(
                        folder.resolve("in").resolve(split).resolve("class " + i % 2));
                Files.write(ofClass.resolve(names.get(i)), file(names.get(i)));
            }
        }
        try (JavaSparkContext spark = LocalSpark.start(2)) {
            Map<String, float[]> ofPixels = views(spark, folder, "pixels");
            Map<String, float[]> ofFiles = views(spark, folder, "files");
            assertThat(ofPixels).hasSize(names.size());
            assertThat(ofFiles.keySet()).isEqualTo(ofPixels.keySet());
            ofFiles.forEach((name, values) -> assertThat(values).as(name).isEqualTo(ofPixels.get(name)));
        }
    }

    /** What evaluation sees, by the image's name. */
    private static Map<String, float[]> views(JavaSparkContext spark, Path folder, String store) {
        Settings settings = TestSettings.with(Map.of(
                "prepare.source",
                "image-folder",
                "prepare.input",
                folder.resolve("in").toString(),
                "prepare.store",
                store,
                "prepare.image-size",
                "8"));
        Path out = folder.resolve(store);
        Manifest manifest = TestData.prepare(spark, settings, 5, out);
        BatchLoader loader = new BatchLoader(
                manifest.preprocessing(TestSettings.with(Map.of()).data()), Layout.CHANNELS_FIRST, 3, Damaged.FAIL);
        Map<String, float[]> views = new TreeMap<>();
        for (Sample sample : TestData.samples(spark, out, "train")) {
            Batch batch = loader.evaluation(List.of(sample), Runnable::run)
                    .join()
                    .batch()
                    .orElseThrow();
            views.put(sample.name(), batch.images().values());
        }
        return views;
    }

    /** Decodes JPEGs, whose names are their reasons. */
    static final class DamagedJpegs {
        private DamagedJpegs() {}

        public static void main(String[] arguments) throws UnusableImageException {
            byte[] whole = TestImages.file(TestImages.detailed(60, 40, 1), "jpeg");
            byte[] badTable = whole.clone();
            int table = new String(whole, StandardCharsets.ISO_8859_1).indexOf("\u00FF\u00C4");
            // Five codes of one bit.
            badTable[table + 5] = badTable[table + 7];
            badTable[table + 7] = 0;
            Map<String, byte[]> files =
                    Map.of("cut", Arrays.copyOf(whole, whole.length / 2), "bad-table", badTable, "whole", whole);
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                try {
                    ImageFile.open(file.getKey(), file.getValue()).decode(1).close();
                    System.out.println(file.getKey() + ": decoded");
                } catch (UnusableImageException e) {
                    System.out.println(file.getKey() + ": " + e.getMessage());
                }
            }
        }
    }

    /** libjpeg-turbo prints its warnings, without a name. */
    @Test
    void whatTheLibrarySaysOfADamagedJpegIsNamed(@TempDir Path folder) throws Exception {
        assumeThat(NativeImage.isAvailable()).isTrue();
        Path said = folder.resolve("said.txt");
        List<String> command = TestJvm.command();
        command.addAll(List.of(
                "-Dlog4j2.configurationFile=file:conf/log4j2.properties",
                "-cp",
                System.getProperty("java.class.path"),
                DamagedJpegs.class.getName()));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        assertThat(process.waitFor(TestJvm.HANGS.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(said)
                .content(StandardCharsets.ISO_8859_1)
                .contains("cut: it is truncated\n", "bad-table: it cannot be decoded: ", "whole: decoded\n")
                .contains("JpegFile: bad-table: libjpeg-turbo finds fault with it")
                .doesNotContain("Premature end", "whole: libjpeg-turbo");
    }
}
