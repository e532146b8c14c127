package org.sftn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageDecoderTest {
    private static final ImageDecoder DECODER = new ImageDecoder(4);

    /** Pillow 12.3: convert("RGB"), resize(BILINEAR) of the shorter side to 4, crop of the middle. */
    @ParameterizedTest
    @CsvSource({
        "23, 17, 757985827a7e84847c7c8c81828c91887e8284807f7e827b7d778a838183908a86807f88837e84858478878583868f8b",
        "5, 3, 1c3b5978567594b39a827a9ad35e143551708ead8baa8648878f6c2f4829496a86a5c3e2c0815e7da46744643d5e7e9f",
        "3, 8, 859d78201a33516a637d9bb5acc6a24cba623d554f68869f98b2d0eae18b67813b54728a849db2bbcde7ae38627c7f69",
    })
    void resizesAsPillowDoes(int width, int height, String expected) throws UnusableImageException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int value = x * 37 + y * 91 + x * y;
                image.setRGB(x, y, (value & 0xFF) << 16 | ((value + 53) & 0xFF) << 8 | ((value + 106) & 0xFF));
            }
        }

        assertThat(HexFormat.of().formatHex(DECODER.planes(TestImages.file(image, "png"))))
                .isEqualTo(expected);
    }

    @Test
    void anImageOfTheSizeAskedForKeepsItsPixels() throws UnusableImageException {
        BufferedImage image = TestImages.detailed(4, 4, 1);
        byte[] planes = DECODER.planes(TestImages.file(image, "png"));

        for (int i = 0; i < 16; i++) {
            assertThat((planes[i] & 0xFF) << 16 | (planes[16 + i] & 0xFF) << 8 | (planes[32 + i] & 0xFF))
                    .isEqualTo(image.getRGB(i % 4, i / 4) & 0xFFFFFF);
        }
    }

    private static void assertColour(byte[] file, int red, int green, int blue, int tolerance)
            throws UnusableImageException {
        byte[] planes = DECODER.planes(file);
        int[] expected = {red, green, blue};
        for (int i = 0; i < planes.length; i++) {
            assertThat(planes[i] & 0xFF).isBetween(expected[i / 16] - tolerance, expected[i / 16] + tolerance);
        }
    }

    @Test
    void colourPngAndJpeg() throws UnusableImageException {
        BufferedImage image = TestImages.plain(9, 6, BufferedImage.TYPE_INT_RGB, 0x10C850);

        assertColour(TestImages.file(image, "png"), 0x10, 0xC8, 0x50, 0);
        assertColour(TestImages.file(image, "jpeg"), 0x10, 0xC8, 0x50, 3);
    }

    @Test
    void alphaIsDropped() throws UnusableImageException {
        assertColour(
                TestImages.file(TestImages.plain(9, 6, BufferedImage.TYPE_INT_ARGB, 0x4010C850), "png"),
                0x10,
                0xC8,
                0x50,
                0);
    }

    @Test
    void grayIsRepeated() throws UnusableImageException {
        BufferedImage image = new BufferedImage(9, 6, BufferedImage.TYPE_BYTE_GRAY);
        fill(image, 100);

        assertColour(TestImages.file(image, "png"), 100, 100, 100, 0);
        assertColour(TestImages.file(image, "jpeg"), 100, 100, 100, 1);
    }

    @Test
    void sixteenBitsAreCut() throws UnusableImageException {
        BufferedImage image = new BufferedImage(9, 6, BufferedImage.TYPE_USHORT_GRAY);
        fill(image, 100 << 8 | 200);

        assertColour(TestImages.file(image, "png"), 100, 100, 100, 0);
    }

    @Test
    void palettesAndBitmaps() throws UnusableImageException {
        byte[] reds = {0, 16};
        byte[] greens = {0, (byte) 200};
        byte[] blues = {0, 80};
        BufferedImage palette = new BufferedImage(
                9, 6, BufferedImage.TYPE_BYTE_INDEXED, new IndexColorModel(8, 2, reds, greens, blues));
        fill(palette, 1);
        BufferedImage bitmap = new BufferedImage(9, 6, BufferedImage.TYPE_BYTE_BINARY);
        fill(bitmap, 1);

        assertColour(TestImages.file(palette, "png"), 16, 200, 80, 0);
        assertColour(TestImages.file(bitmap, "png"), 255, 255, 255, 0);
    }

    private static void fill(BufferedImage image, int value) {
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                image.getRaster().setSample(x, y, 0, value);
            }
        }
    }

    @Test
    void cmykBecomesRgb() throws IOException, UnusableImageException {
        assertColour(TestImages.cmyk(0, 0, 0, 0), 255, 255, 255, 3);
        assertColour(TestImages.cmyk(0, 0, 0, 255), 0, 0, 0, 50);
        byte[] cyan = DECODER.planes(TestImages.cmyk(255, 0, 0, 0));
        assertThat(cyan[0] & 0xFF).isLessThan(60);
        assertThat(cyan[32] & 0xFF).isGreaterThan(180);
    }

    @ParameterizedTest
    @CsvSource({
        "jpeg, 2",
        "jpeg, 10",
        "jpeg, 600",
        "jpeg, 1500",
        "jpeg, -200",
        "png, 6",
        "png, 30",
        "png, 60",
        "png, 3000",
        "png, -100"
    })
    void aTruncatedFileIsNotUsable(String format, int kept) {
        byte[] whole = TestImages.file(TestImages.detailed(60, 40, 1), format);
        byte[] truncated = Arrays.copyOf(whole, kept > 0 ? kept : whole.length + kept);

        assertThatThrownBy(() -> DECODER.planes(truncated))
                .isInstanceOf(UnusableImageException.class)
                .hasMessageMatching("it is truncated|it cannot be decoded: .+|it is neither a JPEG nor a PNG image");
    }

    @Test
    void whatIsNoImageIsSaidToBeNone() {
        assertThatThrownBy(() -> DECODER.planes(new byte[0])).hasMessage("it is empty");
        assertThatThrownBy(() -> DECODER.planes("GIF89a".getBytes(StandardCharsets.UTF_8)))
                .hasMessage("it is neither a JPEG nor a PNG image");
        assertThatThrownBy(() -> DECODER.planes(new byte[] {(byte) 0xFF, (byte) 0xD8, (byte) 0xFF, 1, 2}))
                .hasMessageStartingWith("it cannot be decoded: ");
    }

    @Test
    void aBombIsRefusedByItsHeader() {
        byte[] png = TestImages.file(TestImages.plain(4, 4, BufferedImage.TYPE_INT_RGB, 0), "png");

        assertThatThrownBy(() -> DECODER.planes(withSize(png, 60_000, 60_000)))
                .hasMessage("it has 60000 x 60000 pixels, more than 67108864");
        assertThatThrownBy(() -> DECODER.planes(withSize(png, 70_000, 1)))
                .hasMessage("it has 70000 x 1 pixels, a side longer than 65535");
    }

    /** The same PNG with another size in its header. */
    private static byte[] withSize(byte[] png, int width, int height) {
        byte[] changed = png.clone();
        ByteBuffer.wrap(changed).putInt(16, width).putInt(20, height);
        CRC32 crc = new CRC32();
        crc.update(changed, 12, 17);
        ByteBuffer.wrap(changed).putInt(29, (int) crc.getValue());
        return changed;
    }

    @Test
    void realPhotographsDecode() throws IOException, UnusableImageException {
        Path photographs = Path.of(System.getProperty("sftn.data", "../shared/data"), "imagenet-sample");
        assumeTrue(Files.isDirectory(photographs), "no photographs in " + photographs + " (system property sftn.data)");
        List<Path> files;
        try (Stream<Path> all = Files.walk(photographs)) {
            files = all.filter(p -> p.toString().endsWith(".JPEG")).sorted().toList();
        }

        assertThat(files).isNotEmpty();
        for (Path file : files) {
            assertThat(DECODER.planes(Files.readAllBytes(file))).hasSize(48);
        }
    }
}
