package org.sftn.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.FuzzTestFiles;
import org.sftn.TestSettings;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.UserException;
import org.sftn.data.ShardRange;
import org.sftn.data.image.ImageDecoder;
import org.sftn.data.image.ImageFile;
import org.sftn.data.image.TestImages;
import org.sftn.data.image.UnusableImageException;
import org.sftn.data.shard.ShardFile;

/** Files that somebody made to do harm. */
// None may keep a reader busy; reading one takes milliseconds.
@Timeout(300)
class HostileFilesTest {
    @TempDir
    private Path folder;

    private static byte[] tar(TarArchiveEntry... entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream out = new TarArchiveOutputStream(bytes, "UTF-8")) {
            out.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            for (TarArchiveEntry entry : entries) {
                out.putArchiveEntry(entry);
                out.write(new byte[(int) entry.getSize()]);
                out.closeArchiveEntry();
            }
        }
        return bytes.toByteArray();
    }

    private static TarArchiveEntry file(String name) {
        TarArchiveEntry entry = new TarArchiveEntry(name, true);
        entry.setSize(3);
        return entry;
    }

    private static TarListing listing(byte[] tar) throws IOException {
        return TarListing.of(FuzzTestFiles.stream(tar), 0, tar.length);
    }

    @Test
    void namesInATarAreTextsAndNoPaths() throws IOException {
        TarArchiveEntry device = new TarArchiveEntry("dev/sda", TarConstants.LF_BLK);
        TarArchiveEntry pipe = new TarArchiveEntry("pipe.JPEG", TarConstants.LF_FIFO);
        TarArchiveEntry link = new TarArchiveEntry("n1/a.JPEG", TarConstants.LF_SYMLINK);
        link.setLinkName("/etc/passwd");
        TarArchiveEntry hard = new TarArchiveEntry("n1/b\u001B[2J.JPEG", TarConstants.LF_LINK);
        hard.setLinkName("../../../etc/shadow");
        TarListing listing = listing(tar(
                file("../../etc/passwd.JPEG"),
                file("/etc/passwd.JPEG"),
                file("a\nERROR forged\u001B[31m.JPEG"),
                device,
                pipe,
                link,
                hard));

        assertThat(listing.damage()).isNull();
        assertThat(listing.entries())
                .extracting(TarListing.Entry::name)
                .containsExactly("../../etc/passwd.JPEG", "/etc/passwd.JPEG", "a\\u000AERROR forged\\u001B[31m.JPEG");
        assertThat(listing.unreadable())
                .extracting(TarListing.Unreadable::name)
                .contains("n1/a.JPEG", "n1/b\\u001B[2J.JPEG");
    }

    @Test
    void aTarDoesNotFillTheMemoryWithANameOrAttributes() throws IOException {
        TarListing good = listing(named("a".repeat(100_000)));
        assertThat(good.damage()).isNull();
        assertThat(good.entries()).extracting(TarListing.Entry::name).containsExactly("a".repeat(255) + "...");

        TarListing tooLong = listing(named("a".repeat(300_000)));
        assertThat(tooLong.entries()).isEmpty();
        assertThat(tooLong.damage().reason()).startsWith("the archive is damaged at byte 0: ");
    }

    /** A file whose name stands in the header of POSIX before it. */
    private static byte[] named(String name) throws IOException {
        // Its own length is six digits and a space.
        byte[] attribute = String.format(Locale.ROOT, "%06d path=%s\n", 13 + name.length(), name)
                .getBytes(StandardCharsets.US_ASCII);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream out = new TarArchiveOutputStream(bytes, "UTF-8")) {
            TarArchiveEntry header = new TarArchiveEntry("header", TarConstants.LF_PAX_EXTENDED_HEADER_LC);
            header.setSize(attribute.length);
            out.putArchiveEntry(header);
            out.write(attribute);
            out.closeArchiveEntry();
            TarArchiveEntry file = file("short");
            out.putArchiveEntry(file);
            out.write(new byte[3]);
            out.closeArchiveEntry();
        }
        return bytes.toByteArray();
    }

    /** Each is read by a call in the one before. */
    @Test
    void headersBeforeHeadersDoNotFillTheStack() throws IOException {
        byte[] one = Arrays.copyOf(tar(file("a".repeat(200) + ".JPEG")), 1024);
        byte[] many = new byte[one.length * 5000];
        for (int i = 0; i < 5000; i++) {
            System.arraycopy(one, 0, many, i * one.length, one.length);
        }
        TarListing listing = listing(many);
        assertThat(listing.entries()).isEmpty();
        assertThat(listing.damage().reason()).contains("the archive");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\nb", "a\u001B[2J", "a\u202Eb"})
    void aClassThatCouldForgeALineIsRefused(String name) throws IOException {
        Files.createDirectories(folder.resolve("train").resolve(name));
        assertThatThrownBy(() -> listing().classes())
                .isInstanceOf(UserException.class)
                .hasMessageMatching(
                        "the class folder '[ -~]+' in .* cannot be used: its name is too long or not printable");
    }

    @Test
    void aFileWithALineInItsNameIsReadAndNamedWithoutIt() throws IOException {
        Path ofClass = Files.createDirectories(folder.resolve("train").resolve("a"));
        Files.write(ofClass.resolve("1\n2.png"), TestImages.file(TestImages.detailed(8, 8, 1), "png"));
        Files.write(ofClass.resolve("3\n4.png"), new byte[] {1});
        ImageFolderSource.Listing listing = listing();
        listing.addAll(List.of("a"));
        List<Candidate> read = new ArrayList<>();
        try (InputFiles files = new InputFiles(new Configuration())) {
            for (Item item : listing.files()) {
                read.add(item.read(files));
            }
        }
        assertThat(read).extracting(Candidate::name).containsExactly("a/1\\u000A2.png", "a/3\\u000A4.png");
        assertThat(read).hasExactlyElementsOfTypes(Candidate.Usable.class, Candidate.Rejected.class);
    }

    private ImageFolderSource.Listing listing() {
        ImageForm form = ImageForm.of(
                TestSettings.with(Map.of("prepare.image-size", "8")).prepare());
        return new ImageFolderSource.Listing(
                new org.apache.hadoop.fs.Path(folder.resolve("train").toString()),
                Split.TRAIN,
                form,
                new Configuration());
    }

    private static byte[] pngHeader(int width, int height, int depth, int type) {
        ByteBuffer out = ByteBuffer.allocate(100);
        out.put(new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10})
                .putInt(13)
                .put("IHDR".getBytes(StandardCharsets.US_ASCII));
        out.putInt(width).putInt(height).put((byte) depth).put((byte) type);
        return out.array();
    }

    @Test
    void pixelsOfAPngThatItCannotHoldAreNotAllocated() {
        assertThatThrownBy(() -> ImageFile.open("image", pngHeader(8192, 8192, 8, 2)))
                .isInstanceOf(UnusableImageException.class)
                .hasMessage("it is truncated");
        assertThatThrownBy(() -> ImageFile.open("image", pngHeader(8193, 8192, 8, 2)))
                .hasMessage("it has 8193 x 8192 pixels, more than 67108864");
        assertThatThrownBy(() -> ImageFile.open("image", pngHeader(8192, 8192, 16, 6)))
                .hasMessage("its pixels take 536870912 bytes, more than 268435456");
        assertThatThrownBy(() -> ImageFile.open("image", pngHeader(-1, 1, 8, 2)))
                .hasMessage("it has 4294967295 x 1 pixels, a side longer than 65535");
    }

    /** The largest that deflate packs: 1 bit a pixel, all alike. */
    @Test
    void anImageThatPacksWellIsRead() {
        byte[] png = TestImages.file(new BufferedImage(4000, 4000, BufferedImage.TYPE_BYTE_BINARY), "png");
        assertThat(png.length).isLessThan(5000);
        assertThatCode(() -> new ImageDecoder(16).planes("image", png)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"zTXt", "iCCP", "iTXt", "tEXt", "abCd"})
    void textsAndProfilesOfAPngAreNotUnpacked(String type) throws Exception {
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        bomb.write(new byte[] {'a', 0, 0});
        try (DeflaterOutputStream out = new DeflaterOutputStream(bomb, new Deflater(9))) {
            for (int i = 0; i < 64; i++) {
                out.write(new byte[1 << 20]);
            }
        }
        // The JDK's reader looks at texts of images with a palette.
        byte[] plain = TestImages.file(TestImages.plain(8, 8, BufferedImage.TYPE_BYTE_INDEXED, 0xFF336699), "png");
        byte[] with = DataFuzzTest.withChunk(plain, type, bomb.toByteArray());
        assertThat(new ImageDecoder(8).planes("image", with)).isEqualTo(new ImageDecoder(8).planes("image", plain));
    }

    /** The first scan of a progressive file, so many times. */
    private static byte[] scans(int count) throws IOException {
        byte[] file = TestImages.progressive(TestImages.plain(64, 64, BufferedImage.TYPE_INT_RGB, 0x336699));
        int first = indexOf(file, 0xDA, 0);
        int second = indexOf(file, 0xC4, first);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(file, 0, first);
        for (int i = 0; i < count; i++) {
            out.write(file, first, second - first);
        }
        out.write(new byte[] {(byte) 0xFF, (byte) 0xD9});
        return out.toByteArray();
    }

    private static int indexOf(byte[] file, int marker, int from) {
        for (int i = from; ; i++) {
            if (file[i] == (byte) 0xFF && file[i + 1] == (byte) marker) {
                return i;
            }
        }
    }

    @Test
    void aJpegWithTooManyScansIsRefusedByItsHeader() throws IOException {
        assertThatThrownBy(() -> ImageFile.open("image", scans(101)))
                .isInstanceOf(UnusableImageException.class)
                .hasMessage("it has 101 scans, more than 100");
        assertThatCode(() -> ImageFile.open("image", scans(100))).doesNotThrowAnyException();
        assertThatCode(() -> ImageFile.open("image", TestImages.progressive(TestImages.detailed(64, 64, 1))))
                .doesNotThrowAnyException();
    }

    @Test
    void pixelsOfAJpegThatItCannotHoldAreNotAllocated() throws IOException {
        byte[] file = TestImages.file(TestImages.plain(16, 16, BufferedImage.TYPE_INT_RGB, 0), "jpeg");
        int frame = indexOf(file, 0xC0, 0);
        ByteBuffer.wrap(file).putShort(frame + 5, (short) 8192).putShort(frame + 7, (short) 8192);
        assertThatThrownBy(() -> ImageFile.open("image", file))
                .isInstanceOf(UnusableImageException.class)
                .hasMessage("it is truncated");
        ByteBuffer.wrap(file).putShort(frame + 5, (short) 65_535).putShort(frame + 7, (short) 65_535);
        assertThatThrownBy(() -> ImageFile.open("image", file))
                .hasMessage("it has 65535 x 65535 pixels, more than 67108864");
    }

    private static byte[] bmpHeader(int width, int height, int bits, int compression) {
        ByteBuffer out = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN);
        out.put(new byte[] {'B', 'M'})
                .putInt(10, 54)
                .putInt(14, 40)
                .putInt(18, width)
                .putInt(22, height);
        return out.putShort(28, (short) bits).putInt(30, compression).array();
    }

    @Test
    void pixelsOfABmpThatItCannotHoldAreNotAllocated() {
        assertThatThrownBy(() -> ImageFile.open("image", bmpHeader(8192, 8192, 24, 0)))
                .isInstanceOf(UnusableImageException.class)
                .hasMessage("it is truncated");
        assertThatThrownBy(() -> ImageFile.open("image", bmpHeader(60_000, -60_000, 8, 1)))
                .hasMessage("it has 60000 x 60000 pixels, more than 67108864");
        assertThatThrownBy(() -> ImageFile.open("image", bmpHeader(1, Integer.MIN_VALUE, 1, 0)))
                .hasMessage("it has 1 x 2147483648 pixels, a side longer than 65535");
        assertThatThrownBy(() -> ImageFile.open("image", bmpHeader(-1, 1, 1, 0)))
                .hasMessage("it cannot be decoded: it has -1 x 1 pixels");
    }

    @ParameterizedTest
    @CsvSource({
        "P6 8192 8192 255, it is truncated",
        "P3 8192 8192 255 1 2 3, it is truncated",
        "P4 60000 60000, 'it has 60000 x 60000 pixels, more than 67108864'",
        "P5 70000 1 255, 'it has 70000 x 1 pixels, a side longer than 65535'",
        "P5 99999999999999999999 1 255, it cannot be decoded: where a number should be there is none",
        "P5 -1 1 255, it cannot be decoded: where a number should be there is none",
        "P5 1 1 65536 1, it cannot be decoded: its highest value is 65536",
        "P5 1 1 0 1, it cannot be decoded: its highest value is 0",
    })
    void pixelsOfAPnmThatItCannotHoldAreNotAllocated(String text, String reason) {
        assertThatThrownBy(() -> ImageFile.open("image", (text + "\n").getBytes(StandardCharsets.US_ASCII)))
                .isInstanceOf(UnusableImageException.class)
                .hasMessage(reason);
    }

    @Test
    void aWebpWithTooManyPixelsIsRefusedByItsHeader() {
        ByteBuffer out = ByteBuffer.allocate(30).order(ByteOrder.LITTLE_ENDIAN);
        out.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(22);
        out.put("WEBPVP8X".getBytes(StandardCharsets.US_ASCII)).putInt(10).putInt(0);
        out.put(new byte[] {-1, -1, -1, -1, -1, -1});
        assertThatThrownBy(() -> ImageFile.open("image", out.array()))
                .isInstanceOf(UnusableImageException.class)
                .hasMessage("it has 16777216 x 16777216 pixels, a side longer than 65535");
    }

    /** @param fields tags, each followed by a value */
    private static byte[] tiff(int... fields) {
        ByteBuffer out = ByteBuffer.allocate(1000)
                .putShort((short) 0x4D4D)
                .putShort((short) 42)
                .putInt(8);
        out.putShort((short) (fields.length / 2));
        for (int i = 0; i < fields.length; i += 2) {
            out.putShort((short) fields[i]).putShort((short) 4).putInt(1).putInt(fields[i + 1]);
        }
        return out.array();
    }

    @Test
    void pixelsAndPartsOfATiffThatItCannotHoldAreNotAllocated() {
        assertThatThrownBy(() -> ImageFile.open("image", tiff(256, 8192, 257, 8192, 258, 8, 262, 1, 273, 8)))
                .isInstanceOf(UnusableImageException.class)
                .hasMessage("it is truncated");
        assertThatThrownBy(() -> ImageFile.open("image", tiff(256, 60_000, 257, 60_000, 262, 1, 273, 8)))
                .hasMessage("it has 60000 x 60000 pixels, more than 67108864");
        assertThatThrownBy(() ->
                        ImageFile.open("image", tiff(256, 8192, 257, 8192, 258, 16, 259, 5, 262, 2, 273, 8, 277, 3)))
                .hasMessage("its pixels take 402653184 bytes, more than 268435456");
        // Tiles wider than the image, and as many as it has pixels.
        assertThatThrownBy(() -> ImageFile.open(
                        "image", tiff(256, 1, 257, 1, 259, 4, 262, 1, 322, 0x7FFFFFFF, 323, 1, 324, 8, 325, 8)))
                .hasMessage("it has 2147483647 x 1 pixels, a side longer than 65535");
        assertThatThrownBy(() -> ImageFile.open(
                        "image", tiff(256, 8192, 257, 8192, 259, 4, 262, 1, 322, 1, 323, 1, 324, 8, 325, 8)))
                .hasMessage("it cannot be decoded: it has 67108864 parts, more than 262144");
        byte[] many = tiff(256, 8192, 257, 8192, 259, 4, 262, 1, 273, 8, 279, 8);
        ByteBuffer.wrap(many).putInt(10 + 4 * 12 + 4, -1);
        assertThatThrownBy(() -> ImageFile.open("image", many))
                .hasMessage("it cannot be decoded: its field 273 has 4294967295 values");
    }

    /** Lengths that Parquet's own reader would allocate. */
    @Test
    void aShardWithAHugeLengthIsDamaged() throws IOException {
        Path file = folder.resolve("shard");
        try (ShardFile.Writer writer =
                new ShardFile.Writer(new org.apache.hadoop.fs.Path(file.toUri()), new Configuration())) {
            writer.write(1, "a", new byte[] {1, 2, 3});
        }
        byte[] shard = Files.readAllBytes(file);
        ByteBuffer.wrap(shard).order(java.nio.ByteOrder.LITTLE_ENDIAN).putInt(shard.length - 8, 0x7FFFFFFF);
        FuzzTestFiles.hold(Map.of("shard", shard));
        ShardRange range = new ShardRange("fuzz:/shard", 0, 0, 1, 2, 0, Damaged.FAIL);
        assertThatThrownBy(() -> range.labels(FuzzTestFiles.hadoop()))
                .isInstanceOf(UserException.class)
                .hasMessage("the shard fuzz:/shard is damaged: its footer cannot have 2147483647 bytes");
    }
}
