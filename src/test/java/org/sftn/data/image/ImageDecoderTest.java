package org.sftn.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
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
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.data.order.RandomStream;

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

        assertThat(HexFormat.of().formatHex(DECODER.planes("image", TestImages.file(image, "png"))))
                .isEqualTo(expected);
    }

    @Test
    void anImageOfTheSizeAskedForKeepsItsPixels() throws UnusableImageException {
        BufferedImage image = TestImages.detailed(4, 4, 1);
        byte[] planes = DECODER.planes("image", TestImages.file(image, "png"));

        for (int i = 0; i < 16; i++) {
            assertThat((planes[i] & 0xFF) << 16 | (planes[16 + i] & 0xFF) << 8 | (planes[32 + i] & 0xFF))
                    .isEqualTo(image.getRGB(i % 4, i / 4) & 0xFFFFFF);
        }
    }

    private static void assertColor(byte[] file, int red, int green, int blue, int tolerance)
            throws UnusableImageException {
        byte[] planes = DECODER.planes("image", file);
        int[] expected = {red, green, blue};
        for (int i = 0; i < planes.length; i++) {
            assertThat(planes[i] & 0xFF).isBetween(expected[i / 16] - tolerance, expected[i / 16] + tolerance);
        }
    }

    @Test
    void colorPngAndJpeg() throws UnusableImageException {
        BufferedImage image = TestImages.plain(9, 6, BufferedImage.TYPE_INT_RGB, 0x10C850);

        assertColor(TestImages.file(image, "png"), 0x10, 0xC8, 0x50, 0);
        assertColor(TestImages.file(image, "jpeg"), 0x10, 0xC8, 0x50, 3);
    }

    @Test
    void alphaIsDropped() throws UnusableImageException {
        assertColor(
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

        assertColor(TestImages.file(image, "png"), 100, 100, 100, 0);
        assertColor(TestImages.file(image, "jpeg"), 100, 100, 100, 1);
    }

    @Test
    void sixteenBitsAreCut() throws UnusableImageException {
        BufferedImage image = new BufferedImage(9, 6, BufferedImage.TYPE_USHORT_GRAY);
        fill(image, 100 << 8 | 200);

        assertColor(TestImages.file(image, "png"), 100, 100, 100, 0);
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

        assertColor(TestImages.file(palette, "png"), 16, 200, 80, 0);
        assertColor(TestImages.file(bitmap, "png"), 255, 255, 255, 0);
    }

    private static void fill(BufferedImage image, int value) {
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                image.getRaster().setSample(x, y, 0, value);
            }
        }
    }

    /** Pillow's formula, 255 - black less the share that each ink takes; the same with and without the native library. */
    @ParameterizedTest
    @CsvSource({
        "0, 0, 0, 0, 255, 255, 255",
        "0, 0, 0, 255, 0, 0, 0",
        "255, 0, 0, 0, 0, 255, 255",
        "100, 50, 200, 60, 119, 157, 42",
    })
    void cmykBecomesRgb(int cyan, int magenta, int yellow, int black, int red, int green, int blue)
            throws IOException, UnusableImageException {
        byte[] file = TestImages.cmyk(cyan, magenta, yellow, black);
        assertColor(file, red, green, blue, 2);
        byte[] byJdk = squeezed(JpegFile.of("image", file).decodeByJdk());
        int[] expected = {red, green, blue};
        for (int c = 0; c < expected.length; c++) {
            assertThat(byJdk[c * 256] & 0xFF).isCloseTo(expected[c], within(2));
        }
    }

    /** The inks are what YCbCr gives for red, green and blue (ITU-T T.871). */
    @Test
    void ycckBecomesRgb() throws IOException, UnusableImageException {
        assertColor(TestImages.ycck(120, 128, 128, 0), 135, 135, 135, 2);
        // Inks 120 + 1.402 * 40, 120 - 0.714 * 40 + 0.344 * 20, 120 - 1.772 * 20; what they leave of 255, times 0.8.
        assertColor(TestImages.ycck(120, 108, 168, 51), 63, 125, 136, 2);
    }

    /** As Pillow, which torchvision opens files with: pixels as they are stored, unturned, in the file's own colors. */
    @Test
    void profilesAndOrientationAreIgnored() throws UnusableImageException {
        byte[] plain = TestImages.file(TestImages.detailed(20, 12, 1), "jpeg");
        byte[] linear = ICC_Profile.getInstance(ColorSpace.CS_LINEAR_RGB).getData();
        ByteBuffer profile = ByteBuffer.allocate(14 + linear.length);
        profile.put("ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 1)
                .put((byte) 1)
                .put(linear);
        // Exif, big-endian, one entry: orientation (0x112), a short, once: 6, to be turned by 90 degrees.
        byte[] exif = HexFormat.of().parseHex("4578696600004d4d002a00000008000101120003000000010006000000000000");
        byte[] adorned = TestImages.withSegment(TestImages.withSegment(plain, 0xE2, profile.array()), 0xE1, exif);

        byte[] expected = DECODER.planes("image", plain);
        assertThat(DECODER.planes("image", adorned)).isEqualTo(expected);
        assertThat(squeezed(JpegFile.of("image", adorned).decodeByJdk()))
                .isEqualTo(squeezed(JpegFile.of("image", plain).decodeByJdk()));
    }

    /** All of an image, as 16 x 16. */
    private static byte[] squeezed(Resizer.Source image) {
        try (image) {
            Resizer.Axis columns = Resizer.Axis.part(0, image.width(), image.width(), 1, 16);
            Resizer.Axis rows = Resizer.Axis.part(0, image.height(), image.height(), 1, 16);
            return Resizer.planes(image, columns, rows, 16, 16);
        }
    }

    private static Stream<byte[]> jpegs() throws IOException {
        BufferedImage color = TestImages.detailed(61, 43, 1);
        BufferedImage gray = new BufferedImage(61, 43, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 61 * 43; i++) {
            gray.getRaster().setSample(i % 61, i / 61, 0, i * 7 % 256);
        }
        return Stream.of(
                TestImages.file(color, "jpeg"),
                TestImages.file(gray, "jpeg"),
                TestImages.progressive(color),
                TestImages.progressive(gray));
    }

    /** Both are libjpeg's exact inverse transform and smooth upsampling; implementations may round otherwise by a little. */
    @ParameterizedTest
    @MethodSource("jpegs")
    void theJdkSeesWhatTheNativeLibrarySees(byte[] file) throws UnusableImageException {
        byte[] expected = squeezed(JpegFile.of("image", file).decodeByJdk());
        byte[] actual = squeezed(ImageFile.open("image", file).decode(1));

        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i] & 0xFF).isCloseTo(expected[i] & 0xFF, within(2));
        }
    }

    /** Whatever is wrong with a file, the process goes on. */
    @ParameterizedTest
    @MethodSource("jpegs")
    void aDamagedFileIsDecodedOrRefused(byte[] file) {
        int decoded = 0;
        int refused = 0;
        for (int i = 0; i < 60; i++) {
            RandomStream random = RandomStream.of("test", i);
            byte[] damaged = file.clone();
            for (int n = 0; n < 3; n++) {
                damaged[2 + random.nextInt(file.length - 2)] = (byte) random.nextInt(256);
            }
            try {
                assertThat(DECODER.planes("image", damaged)).hasSize(48);
                decoded++;
            } catch (UnusableImageException e) {
                assertThat(e.getMessage()).isNotBlank();
                refused++;
            }
        }
        assertThat(decoded).isPositive();
        assertThat(refused).isPositive();
    }

    @Test
    void nativeMemoryIsFreed() throws UnusableImageException {
        // 16 MB decoded; half of the files end too early.
        byte[] whole = TestImages.file(TestImages.plain(2000, 2000, BufferedImage.TYPE_INT_RGB, 0x123456), "jpeg");
        byte[] cut = Arrays.copyOf(whole, whole.length * 3 / 4);
        JpegHeader header = JpegHeader.of(whole);
        long before = Pointer.physicalBytes();
        for (int i = 0; i < 40; i++) {
            NativeImage.jpeg(cut, header, 1).ifPresent(NativeImage::close);
            NativeImage.jpeg(whole, header, 1).ifPresent(NativeImage::close);
        }
        // 1280 MB were decoded.
        assertThat(Pointer.physicalBytes() - before).isLessThan(300L << 20);
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

        assertThatThrownBy(() -> DECODER.planes("image", truncated))
                .isInstanceOf(UnusableImageException.class)
                .hasMessageMatching(
                        "it is truncated|it cannot be decoded: .+|it is not a JPEG, PNG, BMP, PBM, PGM, PPM, TIFF or WebP image");
    }

    @Test
    void whatIsNoImageIsSaidToBeNone() {
        assertThatThrownBy(() -> DECODER.planes("image", new byte[0])).hasMessage("it is empty");
        assertThatThrownBy(() -> DECODER.planes("image", "GIF89a".getBytes(StandardCharsets.UTF_8)))
                .hasMessage("it is not a JPEG, PNG, BMP, PBM, PGM, PPM, TIFF or WebP image");
        assertThatThrownBy(() -> DECODER.planes("image", new byte[] {(byte) 0xFF, (byte) 0xD8, (byte) 0xFF, 1, 2}))
                .hasMessageStartingWith("it cannot be decoded: ");
    }

    @Test
    void aBombIsRefusedByItsHeader() {
        byte[] png = TestImages.file(TestImages.plain(4, 4, BufferedImage.TYPE_INT_RGB, 0), "png");

        assertThatThrownBy(() -> DECODER.planes("image", withSize(png, 60_000, 60_000)))
                .hasMessage("it has 60000 x 60000 pixels, more than 67108864");
        assertThatThrownBy(() -> DECODER.planes("image", withSize(png, 70_000, 1)))
                .hasMessage("it has 70000 x 1 pixels, a side longer than 65535");
        byte[] jpeg = TestImages.file(TestImages.detailed(9, 9, 1), "jpeg");
        int frame = HexFormat.of().formatHex(jpeg).indexOf("ffc00011080009") / 2;
        ByteBuffer.wrap(jpeg).putShort(frame + 5, (short) 60_000).putShort(frame + 7, (short) 60_000);
        assertThatThrownBy(() -> DECODER.planes("image", jpeg))
                .hasMessage("it has 60000 x 60000 pixels, more than 67108864");
        ByteBuffer.wrap(jpeg).putShort(frame + 5, (short) 0);
        assertThatThrownBy(() -> DECODER.planes("image", jpeg))
                .hasMessage("it cannot be decoded: it has 60000 x 0 pixels");
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
            assertThat(DECODER.planes("image", Files.readAllBytes(file))).hasSize(48);
        }
    }

    @Test
    void aShorterSideThatIsLongerIsResizedAndStoredAsJpeg() throws Exception {
        byte[] file = TestImages.file(TestImages.detailed(60, 41, 1), "png");

        byte[] shortened = ImageDecoder.shortened("image", file, 20);
        ImageFile image = ImageFile.open("image", shortened);
        assertThat(image).isInstanceOf(JpegFile.class);
        assertThat(image.width()).isEqualTo(29);
        assertThat(image.height()).isEqualTo(20);
        assertThat(ImageDecoder.shortened("image", file, 20)).isEqualTo(shortened);
        assertThat(ImageDecoder.shortened("image", file, 41)).isSameAs(file);
        // A plain color survives JPEG but for rounding.
        byte[] plain = ImageDecoder.shortened(
                "image", TestImages.file(TestImages.plain(30, 40, BufferedImage.TYPE_INT_RGB, 0x3060A0), "png"), 16);
        byte[] planes = new ImageDecoder(16).planes("image", plain);
        assertThat(planes[100] & 0xFF).isBetween(0x30 - 2, 0x30 + 2);
        assertThat(planes[356] & 0xFF).isBetween(0x60 - 2, 0x60 + 2);
        assertThat(planes[612] & 0xFF).isBetween(0xA0 - 2, 0xA0 + 2);
    }
}
