package org.sftn.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.LocalSpark;
import org.sftn.TestSettings;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.data.Sample;
import org.sftn.data.TestData;
import org.sftn.data.image.TestImages;
import org.sftn.data.shard.Manifest;
import us.hebi.matlab.mat.format.Mat5;
import us.hebi.matlab.mat.types.Sink;
import us.hebi.matlab.mat.types.Sinks;
import us.hebi.matlab.mat.types.Struct;

class ImageNetTarsSourceTest {
    private static final List<String> CLASSES = List.of("n01440764", "n01443537", "n01484850");
    private static final String TRAIN = "ILSVRC2012_img_train.tar";
    private static final String TEST = "ILSVRC2012_img_val.tar";
    private static final String TRUTH = "ILSVRC2012_validation_ground_truth.txt";

    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    private Path in;

    @BeforeAll
    static void start() {
        spark = LocalSpark.start(2);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    /** The official layout: three classes of four images, six test images of classes 2, 0, 1, 1, 0, 2. */
    @BeforeEach
    void write() throws IOException {
        in = Files.createDirectories(folder.resolve("in"));
        Map<String, byte[]> classes = new LinkedHashMap<>();
        // Not in the order of the classes, as no order is promised.
        for (int c : new int[] {1, 2, 0}) {
            Map<String, byte[]> files = new LinkedHashMap<>();
            for (int i = 3; i >= 0; i--) {
                files.put(String.format(Locale.ROOT, "%s_%d.JPEG", CLASSES.get(c), i), jpeg(c * 4 + i));
            }
            classes.put(CLASSES.get(c) + ".tar", TestTars.tar(files));
        }
        Files.write(in.resolve(TRAIN), TestTars.tar(classes));
        Map<String, byte[]> tests = new LinkedHashMap<>();
        for (int i = 1; i <= 6; i++) {
            tests.put(String.format(Locale.ROOT, "ILSVRC2012_val_%08d.JPEG", i), jpeg(100 + i));
        }
        Files.write(in.resolve(TEST), TestTars.tar(tests));
        // The numbers of the development kit are in no order of names.
        Files.writeString(in.resolve(TRUTH), "1\n2\n3\n3\n2\n1\n");
        writeMeta();
    }

    private void writeMeta() throws IOException {
        Struct synsets = Mat5.newStruct(3, 1);
        String[] ofNumber = {"n01484850", "n01440764", "n01443537"};
        for (int i = 0; i < 3; i++) {
            synsets.set("ILSVRC2012_ID", i, Mat5.newScalar(i + 1));
            synsets.set("WNID", i, Mat5.newString(ofNumber[i]));
        }
        try (Sink sink = Sinks.newStreamingFile(in.resolve("meta.mat").toFile())) {
            Mat5.newWriter(sink).writeMat(Mat5.newMatFile().addArray("synsets", synsets));
        }
    }

    private static byte[] jpeg(int seed) {
        return TestImages.file(TestImages.detailed(20 + seed % 5, 16, seed), "jpeg");
    }

    private Manifest prepare(String out, String... more) {
        Map<String, String> values = new HashMap<>(Map.of(
                "prepare.source", "imagenet-tars",
                "prepare.input", in.toString(),
                "prepare.store", "files",
                "prepare.image-size", "8",
                "prepare.shard-size", "4000B",
                "prepare.max-rejected-share", "0.5"));
        for (int i = 0; i < more.length; i += 2) {
            values.put(more[i], more[i + 1]);
        }
        return TestData.prepare(spark, TestSettings.with(values), 5, folder.resolve(out));
    }

    /** The same images as folders. */
    private void unpack() throws IOException {
        for (int c = 0; c < 3; c++) {
            for (int i = 0; i < 4; i++) {
                image("train", c, String.format(Locale.ROOT, "%s_%d.JPEG", CLASSES.get(c), i), c * 4 + i);
            }
        }
        int[] labels = {2, 0, 1, 1, 0, 2};
        for (int i = 1; i <= 6; i++) {
            image("val", labels[i - 1], String.format(Locale.ROOT, "ILSVRC2012_val_%08d.JPEG", i), 100 + i);
        }
    }

    private void image(String split, int label, String name, int seed) throws IOException {
        Path file = in.resolve(split).resolve(CLASSES.get(label)).resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, jpeg(seed));
    }

    @Test
    void tarsGiveTheShardsOfTheFoldersTheyHold() throws IOException {
        Manifest tars = prepare("tars");
        unpack();
        Manifest folders = prepare("folders", "prepare.source", "image-folder", "prepare.image-folder.test", "val");

        assertThat(tars.classNames()).isEqualTo(CLASSES);
        assertThat(tars.train().images()).isEqualTo(12);
        assertThat(tars.train().shards()).hasSizeGreaterThan(1);
        assertThat(tars.test().imagesPerClass()).containsExactly(2L, 2L, 2L);
        assertThat(tars.train()).isEqualTo(folders.train());
        assertThat(tars.test()).isEqualTo(folders.test());
        for (Sample sample : TestData.samples(spark, folder.resolve("tars"), "train")) {
            String name = sample.name()
                    .substring(sample.name().lastIndexOf('_') + 1, sample.name().indexOf('.'));
            assertThat(sample.image()).isEqualTo(jpeg(sample.label() * 4 + Integer.parseInt(name)));
        }
    }

    @Test
    void theClassesOfTestImagesComeInManyForms() throws IOException {
        Manifest official = prepare("official");
        same(official, "n01484850\nn01440764\nn01443537\nn01443537\nn01440764\nn01484850\n");
        same(official, """
                ImageId,PredictionString
                ILSVRC2012_val_00000006,n01484850 1 2 3 4 n01484850 5 6 7 8
                ILSVRC2012_val_00000002,n01440764 1 2 3 4
                ILSVRC2012_val_00000003,n01443537 1 2 3 4
                ILSVRC2012_val_00000004,n01443537 1 2 3 4
                ILSVRC2012_val_00000005,n01440764 1 2 3 4
                ILSVRC2012_val_00000001,n01484850 1 2 3 4
                """);
        same(official, """
                ILSVRC2012_val_00000001.JPEG 2
                ILSVRC2012_val_00000002.JPEG 0
                ILSVRC2012_val_00000003.JPEG 1
                ILSVRC2012_val_00000004.JPEG 1
                ILSVRC2012_val_00000005.JPEG 0
                ILSVRC2012_val_00000006.JPEG 2
                """);
    }

    private int forms;

    private void same(Manifest official, String truth) throws IOException {
        Files.writeString(in.resolve("truth.txt"), truth);
        assertThat(prepare("form-" + forms++, "prepare.imagenet-tars.ground-truth", "truth.txt")
                        .test())
                .isEqualTo(official.test());
    }

    @Test
    void groundTruthThatDoesNotFitIsRefused() throws IOException {
        refused(
                "n01484850\n",
                "the class of ILSVRC2012_val_00000002.JPEG in %s is not known, which is none of the 3"
                        + " classes of training, by %s");
        refused(
                "ILSVRC2012_val_00000001.JPEG 7\n",
                "the class of ILSVRC2012_val_00000001.JPEG in %s is number 7, which"
                        + " is none of the 3 classes of training, by %s");
        refusedAs(
                "a cat\n",
                in.resolve(TRUTH)
                        + " cannot be read: line 1 is 'a cat', neither a class (n and eight digits) nor a file and its class or number");
        refusedAs("", in.resolve(TRUTH) + " is empty");
        Files.delete(in.resolve("meta.mat"));
        refusedAs(
                "1\n",
                String.format(
                        Locale.ROOT,
                        "there is no table of the classes' numbers, which %s needs: %s is missing",
                        in.resolve(TRUTH),
                        in.resolve("meta.mat")));
        Files.write(in.resolve("meta.mat"), new byte[] {1, 2, 3});
        refused("1\n", "meta.mat cannot be read, it must hold ILSVRC2012's 'synsets'");
    }

    private void refused(String truth, String message) throws IOException {
        Files.writeString(in.resolve(TRUTH), truth);
        assertThatThrownBy(() -> prepare("out"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(String.format(Locale.ROOT, message, in.resolve(TEST), in.resolve(TRUTH)));
    }

    private void refusedAs(String truth, String message) throws IOException {
        Files.writeString(in.resolve(TRUTH), truth);
        assertThatThrownBy(() -> prepare("out"))
                .isInstanceOf(UserException.class)
                .hasMessage(message);
    }

    @Test
    void aTarThatIsMissingIsNamed() throws IOException {
        Files.delete(in.resolve(TEST));

        assertThatThrownBy(() -> prepare("out"))
                .isInstanceOf(UserException.class)
                .hasMessage("ImageNet cannot be read: there is no " + in.resolve(TEST));
    }

    @Test
    void aTarThatIsCutInTheMiddleFailsOrGivesWhatIsWhole() throws IOException {
        Path train = in.resolve(TRAIN);
        byte[] whole = Files.readAllBytes(train);
        TarListing outer = listing(train, whole.length);
        TarListing.Entry third = outer.entries().get(2);
        // In the third class's tar, in its last file but one.
        TarListing inner = listing(train, third.offset(), third.offset() + third.length());
        TarListing.Entry cut = inner.entries().get(2);
        Files.write(train, Arrays.copyOf(whole, (int) cut.offset() + 100));

        assertThatThrownBy(() -> prepare("out"))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "%s is cut or damaged, after 2 whole files, at n01440764.tar: the archive ends in it, %d bytes"
                                + " before its end; prepare.damaged-tars = skip uses what is whole",
                        train, third.length() - (cut.offset() + 100 - third.offset()));

        // Two classes are left, so the test images of the other have no class.
        Files.writeString(in.resolve(TRUTH), "n01443537\n".repeat(6));
        Manifest manifest = prepare("out", "prepare.damaged-tars", "skip");
        assertThat(manifest.train().images()).isEqualTo(8);
        assertThat(folder.resolve("out/rejected.csv"))
                .content()
                .contains(TRAIN + "/n01440764.tar,\"the archive ends in it, ");
    }

    @Test
    void aCutTarInTheTarIsNamed() throws IOException {
        Map<String, byte[]> classes = new LinkedHashMap<>();
        byte[] one = TestTars.tar(Map.of("a.JPEG", jpeg(1)));
        classes.put("n01440764.tar", one);
        classes.put("n01443537.tar", Arrays.copyOf(one, 512 + (jpeg(1).length + 511) / 512 * 512));
        Files.write(in.resolve(TRAIN), TestTars.tar(classes));

        assertThatThrownBy(() -> prepare("out"))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith(in.resolve(TRAIN)
                        + " is cut or damaged in its n01443537.tar, after 1 whole files: the archive ends at byte ");
    }

    @Test
    void aDamagedHeaderIsNamedWithItsPlace() throws IOException {
        Path test = in.resolve(TEST);
        byte[] bytes = Files.readAllBytes(test);
        int third = (int) listing(test, bytes.length).entries().get(2).offset() - 512;
        bytes[third + 10] ^= 0x55;
        Files.write(test, bytes);

        TarListing listing = listing(test, bytes.length);
        assertThat(listing.entries()).hasSize(2);
        assertThat(listing.damage().reason())
                .isEqualTo("the archive is damaged at byte " + third + ": the checksum of a file's header is wrong");
    }

    private static byte[] tar(String encoding, String... names) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream out = new TarArchiveOutputStream(bytes, encoding)) {
            for (String name : names) {
                TarArchiveEntry file = new TarArchiveEntry(name);
                file.setSize(jpeg(1).length);
                out.putArchiveEntry(file);
                out.write(jpeg(1));
                out.closeArchiveEntry();
            }
        }
        return bytes.toByteArray();
    }

    @Test
    void namesInATarAreUtf8WhateverTheMachineSpeaks() throws IOException {
        Files.write(in.resolve(TRAIN), tar("UTF-8", "中文/é?.JPEG", "dog/12:30.JPEG"));
        Files.write(in.resolve(TEST), tar("UTF-8", "中文/a.JPEG", "dog/b.JPEG"));

        Manifest manifest = prepare("out");

        assertThat(manifest.classNames()).containsExactly("dog", "中文");
        assertThat(TestData.samples(spark, folder.resolve("out"), "train"))
                .extracting(Sample::name)
                .containsExactlyInAnyOrder("dog/12:30.JPEG", "中文/é?.JPEG");
    }

    @Test
    void aNameInATarThatIsNotUtf8IsRejectedByName() throws IOException {
        Files.write(in.resolve(TRAIN), tar("ISO-8859-1", "cat/a.JPEG", "dog/b.JPEG", "dog/caf\u00e9.JPEG"));
        Files.write(in.resolve(TEST), tar("UTF-8", "cat/a.JPEG", "dog/b.JPEG"));

        assertThat(prepare("out").train().images()).isEqualTo(2);
        assertThat(folder.resolve("out/rejected.csv"))
                .content()
                .contains("train,ILSVRC2012_img_train.tar/dog/caf?.JPEG,its name is not UTF-8");
    }

    @Test
    void aTarOfAClassWhoseNameIsNotUtf8IsRefused() throws IOException {
        Files.write(in.resolve(TRAIN), tar("ISO-8859-1", "cat/a.JPEG", "dog/b.JPEG", "caf\u00e9.tar"));
        assertThatThrownBy(() -> prepare("out"))
                .isInstanceOf(UserException.class)
                .hasMessage("%s/caf?.tar in %s cannot be used: its name is not UTF-8", TRAIN, in.resolve(TRAIN));
    }

    @Test
    void whatIsPassedOverInATarIsCounted() throws IOException {
        Files.write(
                in.resolve(TRAIN),
                tar("UTF-8", "./cat/a.JPEG", "dog/b.JPEG", "dog/._b.JPEG", "__MACOSX/dog/c.JPEG", "dog/index.html"));
        Files.write(in.resolve(TEST), tar("UTF-8", "cat/a.JPEG", "dog/b.JPEG"));
        Settings settings =
                TestSettings.with(Map.of("prepare.source", "imagenet-tars", "prepare.input", in.toString()));
        assertThat(Sources.open(settings, 5, spark).remarks())
                .containsExactly(
                        in.resolve(TRAIN) + ": 2 hidden files or folders passed over, the first dog/._b.JPEG",
                        in.resolve(TRAIN) + ": 1 file without an extension of images passed over: dog/index.html");
    }

    @Test
    void aTarOfOneClassIsRefused() throws IOException {
        Files.write(in.resolve(TRAIN), tar("UTF-8", "cat/a.JPEG", "cat/b.JPEG"));
        assertThatThrownBy(() -> prepare("out"))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "%s has the images of one class, cat; a classifier needs two classes or more",
                        in.resolve(TRAIN));
    }

    @Test
    void aLinkInATarIsRejectedByName() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream out = new TarArchiveOutputStream(bytes)) {
            for (int i = 0; i < 2; i++) {
                TarArchiveEntry file = new TarArchiveEntry(CLASSES.get(i) + "/a.JPEG");
                file.setSize(jpeg(i).length);
                out.putArchiveEntry(file);
                out.write(jpeg(i));
                out.closeArchiveEntry();
            }
            TarArchiveEntry link = new TarArchiveEntry(CLASSES.get(0) + "/b.JPEG", TarConstants.LF_LINK);
            link.setLinkName(CLASSES.get(0) + "/a.JPEG");
            out.putArchiveEntry(link);
            out.closeArchiveEntry();
        }
        Files.write(in.resolve(TRAIN), bytes.toByteArray());
        Files.writeString(in.resolve(TRUTH), "n01440764\n".repeat(6));

        assertThat(prepare("out").train().images()).isEqualTo(2);
        assertThat(folder.resolve("out/rejected.csv"))
                .content()
                .contains("train,ILSVRC2012_img_train.tar/n01440764/b.JPEG,\"it is a link in the tar, ");
    }

    private static TarListing listing(Path tar, long end) throws IOException {
        return listing(tar, 0, end);
    }

    private static TarListing listing(Path tar, long start, long end) throws IOException {
        org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(tar.toUri());
        try (var in =
                path.getFileSystem(new org.apache.hadoop.conf.Configuration()).open(path)) {
            return TarListing.of(in, start, end);
        }
    }

    @Test
    void longNamesAreReadLinksAreNamedAndFoldersLeftOut() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        String longName = "deep/".repeat(40) + "n01440764/x.JPEG";
        try (TarArchiveOutputStream out = new TarArchiveOutputStream(bytes)) {
            out.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
            TarArchiveEntry link = new TarArchiveEntry("n01440764/link.JPEG", TarConstants.LF_SYMLINK);
            link.setLinkName("/etc/passwd");
            out.putArchiveEntry(link);
            out.closeArchiveEntry();
            out.putArchiveEntry(new TarArchiveEntry("n01440764/"));
            out.closeArchiveEntry();
            byte[] content = "content".getBytes(StandardCharsets.UTF_8);
            TarArchiveEntry file = new TarArchiveEntry(longName);
            file.setSize(content.length);
            out.putArchiveEntry(file);
            out.write(content);
            out.closeArchiveEntry();
        }
        Path tar = Files.write(folder.resolve("some.tar"), bytes.toByteArray());

        TarListing listing = listing(tar, bytes.size());
        assertThat(listing.damage()).isNull();
        assertThat(listing.unreadable())
                .containsExactly(new TarListing.Unreadable(
                        "n01440764/link.JPEG", "it is a link in the tar, which holds its image elsewhere"));
        assertThat(listing.entries()).hasSize(1);
        TarListing.Entry entry = listing.entries().get(0);
        assertThat(entry.name()).isEqualTo(longName);
        assertThat(Arrays.copyOfRange(
                        bytes.toByteArray(), (int) entry.offset(), (int) (entry.offset() + entry.length())))
                .isEqualTo("content".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void tinyImageNetIsReadAsItIsUnpacked() throws IOException {
        for (int c = 0; c < 2; c++) {
            for (int i = 0; i < 3; i++) {
                Path file = in.resolve(
                        String.format(Locale.ROOT, "train/%s/images/%s_%d.JPEG", CLASSES.get(c), CLASSES.get(c), i));
                Files.createDirectories(file.getParent());
                Files.write(file, jpeg(c * 3 + i));
            }
            Files.writeString(
                    in.resolve(String.format(Locale.ROOT, "train/%s/%s_boxes.txt", CLASSES.get(c), CLASSES.get(c))),
                    "x");
        }
        Path images = Files.createDirectories(in.resolve("val/images"));
        Files.write(images.resolve("val_0.JPEG"), jpeg(50));
        Files.write(images.resolve("val_1.JPEG"), jpeg(51));
        Path annotations = in.resolve("val/val_annotations.txt");
        Files.writeString(annotations, "val_0.JPEG\tn01443537\t0\t32\t44\t62\nval_1.JPEG\tn01440764\t52\t55\t57\t59\n");

        Manifest manifest = prepare("out", "prepare.source", "tiny-imagenet-200");
        assertThat(manifest.train().imagesPerClass()).containsExactly(3L, 3L);
        assertThat(manifest.test().imagesPerClass()).containsExactly(1L, 1L);
        assertThat(TestData.samples(spark, folder.resolve("out"), "test"))
                .filteredOn(sample -> sample.label() == 1)
                .extracting(Sample::image)
                .containsExactly(jpeg(50));

        Files.writeString(annotations, "val_0.JPEG\tn01443537\t0\t32\t44\t62\n");
        assertThatThrownBy(() -> prepare("again", "prepare.source", "tiny-imagenet-200"))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "%s does not give val_1.JPEG one of the classes of %s: it says null",
                        annotations, in.resolve("train"));
    }
}
