package org.sftn.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.FuzzTestFiles;
import org.sftn.FuzzTestTarget;
import org.sftn.TestJvm;
import org.sftn.TestSettings;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.data.ShardRange;
import org.sftn.data.image.ChannelSums;
import org.sftn.data.image.ImageDecoder;
import org.sftn.data.image.ImageFormatsTest;
import org.sftn.data.image.JpegFile;
import org.sftn.data.image.NativeImage;
import org.sftn.data.image.Region;
import org.sftn.data.image.TestImages;
import org.sftn.data.image.UnusableImageException;
import org.sftn.data.shard.ContentDigest;
import org.sftn.data.shard.Manifest;
import org.sftn.data.shard.ShardFile;
import org.sftn.data.shard.ShardReport;
import us.hebi.matlab.mat.format.Mat5;
import us.hebi.matlab.mat.types.Sinks;
import us.hebi.matlab.mat.types.Struct;

/** Images, archives, tables and shards of which nothing is known. */
public class DataFuzzTest {
    private static final Configuration HADOOP = FuzzTestFiles.hadoop();
    private static final List<String> CLASSES = List.of("n01440764", "n01443537");
    private static final Settings CIFAR =
            TestSettings.with(Map.of("prepare.source", "cifar-100-binary", "prepare.input", "fuzz:/"));
    /** Those that call native code. */
    private static final Set<String> NATIVE = Set.of("jpeg-native", "webp", "tiff");
    // What the JDK's readers may take for the largest image of a file of some KB.
    private static final long IMAGE_BYTES = 400L << 20;
    private static final long SOME_BYTES = 64 << 20;
    private static final int MAT_DESCRIPTION_BYTES = 116;

    public static List<FuzzTestTarget> targets() {
        return List.of(
                images("png", pngs()),
                new FuzzTestTarget(
                        "jpeg-jdk",
                        jpegs(),
                        file -> JpegFile.of("image", file).decodeByJdk().close(),
                        Set.of(UnusableImageException.class),
                        IMAGE_BYTES),
                images("jpeg-native", jpegs()),
                images("webp", ImageFormatsTest.files("webp")),
                images("tiff", ImageFormatsTest.files("tiff?")),
                images("bmp", ImageFormatsTest.files("bmp")),
                images("pnm", ImageFormatsTest.files("p[gp]m")),
                new FuzzTestTarget("tar", tars(), DataFuzzTest::tar, Set.of(), SOME_BYTES),
                new FuzzTestTarget("shard", shards(), DataFuzzTest::shard, Set.of(UserException.class), SOME_BYTES),
                new FuzzTestTarget(
                        "manifest",
                        List.of(manifest()),
                        file -> {
                            FuzzTestFiles.hold(Map.of(Manifest.FILE, file));
                            Manifest.read(FuzzTestFiles.root(), HADOOP).identity();
                        },
                        Set.of(UserException.class),
                        SOME_BYTES),
                new FuzzTestTarget("shard-report", List.of(report()), DataFuzzTest::report, Set.of(), SOME_BYTES),
                new FuzzTestTarget(
                        "ground-truth", truths(), DataFuzzTest::truth, Set.of(UserException.class), SOME_BYTES),
                new FuzzTestTarget(
                        "meta-mat",
                        mats(),
                        file -> {
                            FuzzTestFiles.hold(
                                    Map.of("truth.txt", "1\n2\n".getBytes(StandardCharsets.UTF_8), "meta.mat", file));
                            GroundTruth.read(FuzzTestFiles.path("truth.txt"), CLASSES, HADOOP)
                                    .of("a_1.JPEG");
                        },
                        Set.of(UserException.class),
                        SOME_BYTES),
                new FuzzTestTarget(
                        "cifar",
                        List.of(new byte[2 * 3074]),
                        DataFuzzTest::cifar,
                        Set.of(UserException.class),
                        SOME_BYTES));
    }

    private static FuzzTestTarget images(String name, List<byte[]> seeds) {
        return new FuzzTestTarget(name, seeds, DataFuzzTest::image, Set.of(UnusableImageException.class), IMAGE_BYTES);
    }

    private static void image(byte[] file) throws UnusableImageException {
        new ImageDecoder(16).planes("image", file);
        new ImageDecoder(1).planes("image", file, (width, height) -> new Region(0, 0, height, width));
    }

    private static void tar(byte[] file) throws IOException {
        TarListing listing = TarListing.of(FuzzTestFiles.stream(file), 0, file.length);
        for (TarListing.Entry entry : listing.entries()) {
            assertThat(entry.offset()).isBetween(0L, (long) file.length);
            assertThat(entry.length()).isBetween(0L, file.length - entry.offset());
            assertThat(entry.name()).doesNotContainPattern("\\p{Cntrl}");
        }
    }

    private static void shard(byte[] file) throws IOException {
        FuzzTestFiles.hold(Map.of("shard", file));
        ShardRange range = new ShardRange("fuzz:/shard", 0, 0, 3, 2, 0, Damaged.FAIL);
        range.labels(HADOOP);
        try (ShardRange.Images images = range.read(HADOOP)) {
            images.forEachRemaining(sample -> assertThat(sample.label()).isBetween(0, 1));
        }
    }

    private static void report(byte[] file) throws IOException {
        FuzzTestFiles.hold(Map.of("part-00000.parquet.json", file, "part-00000.parquet", new byte[10]));
        ShardReport report =
                ShardReport.read(FuzzTestFiles.root(), FuzzTestFiles.path("part-00000.parquet"), 2, HADOOP);
        if (report != null) {
            report.sums().plus(ChannelSums.NONE);
            report.digest().plus(ContentDigest.NONE).hex();
            report.rejections().forEach(rejection -> rejection.split().key());
        }
    }

    private static void truth(byte[] file) throws IOException {
        FuzzTestFiles.hold(Map.of("truth.txt", file, "meta.mat", mats().get(0)));
        GroundTruth truth = GroundTruth.read(FuzzTestFiles.path("truth.txt"), CLASSES, HADOOP);
        truth.of("ILSVRC2012_val_00000001.JPEG");
        truth.of("val_1.JPEG");
    }

    private static void cifar(byte[] file) throws IOException {
        FuzzTestFiles.hold(Map.of("train.bin", file, "test.bin", file));
        CifarBinarySource source = CifarBinarySource.open(CIFAR, "prepare.cifar-100-binary", HADOOP);
        try (InputFiles files = new InputFiles(HADOOP)) {
            for (Item item : source.items(Split.TRAIN)) {
                item.read(files);
            }
        }
    }

    private static List<byte[]> pngs() {
        List<byte[]> all = new ArrayList<>();
        for (int type : List.of(
                BufferedImage.TYPE_INT_RGB,
                BufferedImage.TYPE_INT_ARGB,
                BufferedImage.TYPE_BYTE_GRAY,
                BufferedImage.TYPE_USHORT_GRAY,
                BufferedImage.TYPE_BYTE_INDEXED,
                BufferedImage.TYPE_BYTE_BINARY)) {
            all.add(TestImages.file(TestImages.plain(20, 17, type, 0xFF123456), "png"));
        }
        all.add(withChunk(all.get(4), "zTXt", new byte[] {'a', 0, 0, 0x78, (byte) 0x9C, 3, 0, 0, 0, 0, 1}));
        all.add(withChunk(all.get(0), "iCCP", new byte[] {'a', 0, 0, 0x78, (byte) 0x9C, 3, 0, 0, 0, 0, 1}));
        all.add(withChunk(all.get(4), "tRNS", new byte[] {1, 2, 3}));
        return all;
    }

    /** The same PNG with a chunk before its pixels; its checksum is 0. */
    static byte[] withChunk(byte[] png, String type, byte[] content) {
        int at = new String(png, StandardCharsets.ISO_8859_1).indexOf("IDAT") - 4;
        ByteBuffer out = ByteBuffer.allocate(png.length + 12 + content.length);
        out.put(png, 0, at)
                .putInt(content.length)
                .put(type.getBytes(StandardCharsets.ISO_8859_1))
                .put(content);
        return out.putInt(0).put(png, at, png.length - at).array();
    }

    private static List<byte[]> jpegs() {
        try {
            byte[] plain = TestImages.file(TestImages.detailed(24, 17, 1), "jpeg");
            return List.of(
                    plain,
                    TestImages.file(TestImages.plain(9, 9, BufferedImage.TYPE_BYTE_GRAY, 0x777777), "jpeg"),
                    TestImages.progressive(TestImages.detailed(24, 17, 2)),
                    TestImages.cmyk(1, 2, 3, 4),
                    TestImages.ycck(1, 2, 3, 4),
                    TestImages.withSegment(plain, 0xE2, "ICC_PROFILE\0\1\1abc".getBytes(StandardCharsets.ISO_8859_1)),
                    TestImages.withSegment(
                            plain, 0xE1, "Exif\0\0MM\0*\0\0\0\10\0\0".getBytes(StandardCharsets.ISO_8859_1)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<byte[]> tars() {
        List<byte[]> all = new ArrayList<>();
        for (int names : List.of(TarArchiveOutputStream.LONGFILE_GNU, TarArchiveOutputStream.LONGFILE_POSIX)) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (TarArchiveOutputStream out = new TarArchiveOutputStream(bytes, 512)) {
                out.setLongFileMode(names);
                out.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
                for (String name : List.of("n01440764/a.JPEG", "n01440764/" + "b".repeat(200) + ".JPEG")) {
                    TarArchiveEntry entry = new TarArchiveEntry(name);
                    entry.setSize(5);
                    // The same inputs in each run need the same seeds.
                    entry.setModTime(0);
                    out.putArchiveEntry(entry);
                    out.write(new byte[5]);
                    out.closeArchiveEntry();
                }
                TarArchiveEntry link = new TarArchiveEntry("link.JPEG", TarConstants.LF_SYMLINK);
                link.setLinkName("../../etc/passwd");
                link.setModTime(0);
                out.putArchiveEntry(link);
                out.closeArchiveEntry();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            all.add(bytes.toByteArray());
        }
        return all;
    }

    private static List<byte[]> shards() {
        try {
            Path folder = Files.createTempDirectory("fuzz");
            Path file = folder.resolve("shard");
            try (ShardFile.Writer writer =
                    new ShardFile.Writer(new org.apache.hadoop.fs.Path(file.toUri()), new Configuration())) {
                for (int i = 0; i < 3; i++) {
                    writer.write(i % 2, "class/image " + i, new byte[] {1, 2, 3, (byte) i});
                }
            }
            byte[] shard = Files.readAllBytes(file);
            try (Stream<Path> files = Files.list(folder)) {
                for (Path each : files.toList()) {
                    Files.delete(each);
                }
            }
            Files.delete(folder);
            return List.of(shard);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] manifest() {
        String digest = "0123456789abcdef".repeat(4);
        String part = String.format(Locale.ROOT, """
                {"images": 3, "images_per_class": [2, 1], "digest": "%s",
                 "shards": [{"file": "part-00000.parquet", "images": 3, "bytes": 700, "sha256": "%s"}]}""", digest, digest);
        return String.format(Locale.ROOT, """
                {"format": 3, "source": "generated", "image_size": 8, "store": "files", "class_names": ["a", "b"],
                 "mean": [0.5, 0.5, 0.5], "standard_deviation": [0.25, 0.25, 0.25], "train": %s, "test": %s}""", part, part).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] report() {
        return String.format(Locale.ROOT, """
                {"file": "part-00000.parquet", "images": 1, "bytes": 10, "sha256": "%s", "images_per_class": [1, 0],
                 "sums": {"pixels": 1, "values": [1, 2, 3], "squares": [1, 4, 9]}, "digest": {"value": 5, "scale": 7},
                 "rejections": [{"split": "TRAIN", "number": 1, "name": "a/b.png", "reason": "it is empty"}]}""", "0123456789abcdef".repeat(4)).getBytes(StandardCharsets.UTF_8);
    }

    private static List<byte[]> truths() {
        return Stream.of(
                        "1\n2\n",
                        "n01440764\nn01443537\n",
                        "ImageId,PredictionString\nILSVRC2012_val_00000001,n01440764 1 2 3 4\n",
                        "val_1.JPEG\tn01443537\t0\t0\t63\t63\n",
                        "val_1.JPEG 1\n")
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .toList();
    }

    private static List<byte[]> mats() {
        Struct synsets = Mat5.newStruct(2, 1);
        for (int i = 0; i < 2; i++) {
            synsets.set("ILSVRC2012_ID", i, Mat5.newScalar(i + 1));
            synsets.set("WNID", i, Mat5.newString(CLASSES.get(i)));
        }
        List<byte[]> all = new ArrayList<>();
        for (boolean compressed : List.of(false, true)) {
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
            try {
                Mat5.newWriter(Sinks.wrap(buffer))
                        .setDeflateLevel(compressed ? 9 : 0)
                        .writeMat(Mat5.newMatFile().addArray("synsets", synsets));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            byte[] file = new byte[buffer.position()];
            buffer.flip().get(file);
            // The description holds the time: the same inputs in each run need the same seeds.
            Arrays.fill(file, 0, MAT_DESCRIPTION_BYTES, (byte) ' ');
            all.add(file);
        }
        return all;
    }

    static Stream<FuzzTestTarget> inThisProcess() {
        return targets().stream().filter(target -> !NATIVE.contains(target.name()));
    }

    @ParameterizedTest
    @MethodSource("inThisProcess")
    void damagedFilesAreRefusedAsTheReaderSays(FuzzTestTarget target) throws Exception {
        target.replay(500, 1);
    }

    /** Reads damaged images; a crash of the library ends the process. */
    static final class NativeDecoding {
        private NativeDecoding() {}

        public static void main(String[] arguments) throws Exception {
            for (FuzzTestTarget target : targets()) {
                if (NATIVE.contains(target.name())) {
                    target.replay(500, 1);
                }
            }
            System.out.println("all read");
        }
    }

    @Test
    void theNativeLibraryDoesNotCrash(@TempDir Path folder) throws Exception {
        assumeThat(NativeImage.isAvailable()).as("Leptonica loads here").isTrue();
        Path said = folder.resolve("said.txt");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-Xmx512m",
                "-XX:ErrorFile=" + folder.resolve("crash.txt"),
                "-cp",
                System.getProperty("java.class.path"),
                NativeDecoding.class.getName()));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        assertThat(process.waitFor(TestJvm.HANGS.toSeconds(), TimeUnit.SECONDS)).isTrue();
        String text = Files.readString(said, StandardCharsets.ISO_8859_1);
        assertThat(process.exitValue()).as(text).isZero();
        assertThat(text).contains("all read");
    }
}
