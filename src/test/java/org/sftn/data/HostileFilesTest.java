package org.sftn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
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
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.FuzzTestFiles;
import org.sftn.TestSettings;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.UserException;

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
        assertThat(read).extracting(Candidate::isUsable).containsExactly(true, false);
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
        assertThatThrownBy(() -> ImageFile.open(pngHeader(8192, 8192, 8, 2)))
                .isInstanceOf(UnusableImageException.class)
                .hasMessage("it is truncated");
        assertThatThrownBy(() -> ImageFile.open(pngHeader(8193, 8192, 8, 2)))
                .hasMessage("it has 8193 x 8192 pixels, more than 67108864");
        assertThatThrownBy(() -> ImageFile.open(pngHeader(8192, 8192, 16, 6)))
                .hasMessage("its pixels take 536870912 bytes, more than 268435456");
        assertThatThrownBy(() -> ImageFile.open(pngHeader(-1, 1, 8, 2)))
                .hasMessage("it has 4294967295 x 1 pixels, a side longer than 65535");
    }

    /** The largest that deflate packs: 1 bit a pixel, all alike. */
    @Test
    void anImageThatPacksWellIsRead() {
        byte[] png = TestImages.file(new BufferedImage(4000, 4000, BufferedImage.TYPE_BYTE_BINARY), "png");
        assertThat(png.length).isLessThan(5000);
        assertThatCode(() -> new ImageDecoder(16).planes(png)).doesNotThrowAnyException();
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
        assertThat(new ImageDecoder(8).planes(with)).isEqualTo(new ImageDecoder(8).planes(plain));
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
        assertThatThrownBy(() -> ImageFile.open(scans(101)))
                .isInstanceOf(UnusableImageException.class)
                .hasMessage("it has 101 scans, more than 100");
        assertThatCode(() -> ImageFile.open(scans(100))).doesNotThrowAnyException();
        assertThatCode(() -> ImageFile.open(TestImages.progressive(TestImages.detailed(64, 64, 1))))
                .doesNotThrowAnyException();
    }

    @Test
    void pixelsOfAJpegThatItCannotHoldAreNotAllocated() throws IOException {
        byte[] file = TestImages.file(TestImages.plain(16, 16, BufferedImage.TYPE_INT_RGB, 0), "jpeg");
        int frame = indexOf(file, 0xC0, 0);
        ByteBuffer.wrap(file).putShort(frame + 5, (short) 8192).putShort(frame + 7, (short) 8192);
        assertThatThrownBy(() -> ImageFile.open(file))
                .isInstanceOf(UnusableImageException.class)
                .hasMessage("it is truncated");
        ByteBuffer.wrap(file).putShort(frame + 5, (short) 65_535).putShort(frame + 7, (short) 65_535);
        assertThatThrownBy(() -> ImageFile.open(file)).hasMessage("it has 65535 x 65535 pixels, more than 67108864");
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
