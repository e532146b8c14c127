package org.sftn.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.commons.io.FileUtils;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.LocalSpark;
import org.sftn.TestSettings;
import org.sftn.conf.DataSettings;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.data.BatchLoader;
import org.sftn.data.Sample;
import org.sftn.data.TestData;
import org.sftn.data.image.TestImages;
import org.sftn.data.shard.Manifest;
import org.sftn.nn.Layout;

class ImageFolderSourceTest {
    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        spark = LocalSpark.start(2);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private Path write(String path, byte[] bytes) throws IOException {
        Path file = folder.resolve("in").resolve(path);
        Files.createDirectories(file.getParent());
        return Files.write(file, bytes);
    }

    private void writeImages() throws IOException {
        write("train/dog/a.JPEG", TestImages.file(TestImages.detailed(20, 12, 1), "jpeg"));
        write("train/dog/deeper down/b.jpg", TestImages.file(TestImages.detailed(12, 20, 2), "jpeg"));
        write("train/cat/c.png", TestImages.file(TestImages.detailed(9, 9, 3), "png"));
        // By content it is a JPEG.
        write("train/cat/d.PNG", TestImages.file(TestImages.detailed(8, 8, 4), "jpeg"));
        write("train/cat/notes.txt", new byte[] {1});
        write(
                "val/dog/e.jpg",
                TestImages.file(TestImages.plain(30, 20, BufferedImage.TYPE_BYTE_GRAY, 0x808080), "jpeg"));
        write("val/cat/f.png", TestImages.file(TestImages.detailed(3, 5, 5), "png"));
    }

    private Settings settings(Store store, double maxRejectedShare) {
        return TestSettings.with(Map.of(
                "prepare.source",
                "image-folder",
                "prepare.input",
                folder.resolve("in").toString(),
                "prepare.image-folder.test",
                "val",
                "prepare.image-size",
                "8",
                "prepare.store",
                store.name().toLowerCase(Locale.ROOT),
                "prepare.max-rejected-share",
                Double.toString(maxRejectedShare)));
    }

    private Manifest prepare(Store store, double maxRejectedShare, String out) {
        return TestData.prepare(spark, settings(store, maxRejectedShare), 5, folder.resolve(out));
    }

    private Map<String, Sample> samples(String out, String split) {
        return TestData.samples(spark, folder.resolve(out), split).stream()
                .collect(Collectors.toMap(Sample::name, Function.identity()));
    }

    @Test
    void classesAreSortedAndFilesFoundAtAnyDepth() throws IOException {
        writeImages();
        Manifest manifest = prepare(Store.PIXELS, 0, "out");

        assertThat(manifest.classNames()).containsExactly("cat", "dog");
        Map<String, Sample> samples = samples("out", "train");
        assertThat(samples).containsOnlyKeys("dog/a.JPEG", "dog/deeper down/b.jpg", "cat/c.png", "cat/d.PNG");
        assertThat(samples.get("dog/a.JPEG").label()).isEqualTo(1);
        assertThat(samples.get("cat/d.PNG").label()).isZero();
        assertThat(manifest.train().imagesPerClass()).containsExactly(2L, 2L);
        assertThat(manifest.test().imagesPerClass()).containsExactly(1L, 1L);
    }

    @Test
    void storedFilesAreUntouchedAndGiveTheSamePixels() throws IOException {
        writeImages();
        Manifest pixels = prepare(Store.PIXELS, 0, "pixels");
        Manifest files = prepare(Store.FILES, 0, "files");

        assertThat(samples("files", "train").get("dog/a.JPEG").image())
                .isEqualTo(Files.readAllBytes(folder.resolve("in/train/dog/a.JPEG")));
        assertThat(files.mean()).isEqualTo(pixels.mean());
        assertThat(files.standardDeviation()).isEqualTo(pixels.standardDeviation());
        Batch[] ofPixels = batches(pixels, "pixels");
        Batch[] ofFiles = batches(files, "files");
        for (int i = 0; i < ofPixels.length; i++) {
            assertThat(ofFiles[i].images().values())
                    .isEqualTo(ofPixels[i].images().values());
            assertThat(ofFiles[i].labels()).isEqualTo(ofPixels[i].labels());
            assertThat(ofFiles[i].names()).isEqualTo(ofPixels[i].names());
        }
    }

    /** The training images augmented, and as they are. */
    private Batch[] batches(Manifest manifest, String out) {
        DataSettings augmentation =
                TestSettings.with(Map.of("data.crop-padding", "2")).data();
        BatchLoader loader =
                new BatchLoader(manifest.preprocessing(augmentation), Layout.CHANNELS_FIRST, 3, Damaged.FAIL);
        List<Sample> samples = TestData.samples(spark, folder.resolve(out), "train");
        return new Batch[] {
            loader.training(2, samples, Runnable::run).join().batch().orElseThrow(),
            loader.evaluation(samples, Runnable::run).join().batch().orElseThrow()
        };
    }

    @Test
    void everyUnusableFileIsNamedWithItsReason() throws IOException {
        writeImages();
        byte[] jpeg = TestImages.file(TestImages.detailed(60, 40, 6), "jpeg");
        write("train/dog/empty.jpg", new byte[0]);
        write("train/dog/half.jpg", Arrays.copyOf(jpeg, jpeg.length / 2));
        write("train/cat/text.png", "not an image".getBytes(StandardCharsets.UTF_8));

        Manifest manifest = prepare(Store.PIXELS, 0.5, "out");

        assertThat(manifest.train().images()).isEqualTo(4);
        assertThat(folder.resolve("out/rejected.csv")).hasContent("""
                split,image,reason
                train,cat/text.png,"it is not a JPEG, PNG, BMP, PBM, PGM, PPM, TIFF or WebP image"
                train,dog/empty.jpg,it is empty
                train,dog/half.jpg,it is truncated""");
    }

    /** The lines of rejected.csv below its header. */
    private List<String> rejected(String out) throws IOException {
        List<String> lines = Files.readAllLines(folder.resolve(out).resolve("rejected.csv"));
        return lines.subList(1, lines.size());
    }

    private List<String> remarks() throws IOException {
        return ImageFolderSource.open(settings(Store.PIXELS, 0), "prepare.image-folder", new Configuration())
                .remarks();
    }

    /** Who opens it waits for somebody to write. */
    @Test
    void aPipeIsNoImage() throws Exception {
        writeImages();
        Process made = new ProcessBuilder(
                        "mkfifo", folder.resolve("in/train/cat/pipe.jpg").toString())
                .start();
        assertThat(made.waitFor()).isZero();

        prepare(Store.PIXELS, 0.5, "out");

        assertThat(rejected("out"))
                .containsExactly("train,cat/pipe.jpg,\"it is no file, but a pipe, a socket or a device\"");
    }

    @Test
    void oneFolderForBothSplitsIsRefused() throws IOException {
        writeImages();
        Path in = folder.resolve("in");
        FileUtils.deleteDirectory(in.resolve("val").toFile());
        Files.createSymbolicLink(in.resolve("val"), in.resolve("train"));

        assertThatThrownBy(this::remarks)
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "prepare.image-folder.train and prepare.image-folder.test are one folder, %s/train: a model would be tested on the images that it was trained on",
                        in);
    }

    @Test
    void namesOfAllScriptsArriveWhole() throws IOException {
        writeImages();
        for (String name : List.of("中文", "été", "#1 100% \\ \"a\" 'b' $HOME", "\uFF5E", "\uD83D\uDC08")) {
            write("train/" + name + "/señal " + name + ".jpg", TestImages.file(TestImages.detailed(9, 9, 1), "jpeg"));
            write("val/" + name + "/x.jpg", TestImages.file(TestImages.detailed(9, 9, 2), "jpeg"));
        }
        Manifest manifest = prepare(Store.PIXELS, 0, "数据");

        // In the order of code points, as torchvision has them.
        assertThat(manifest.classNames())
                .containsExactly("#1 100% \\ \"a\" 'b' $HOME", "cat", "dog", "été", "中文", "\uFF5E", "\uD83D\uDC08");
        assertThat(samples("数据", "train")).containsKeys("中文/señal 中文.jpg", "\uD83D\uDC08/señal \uD83D\uDC08.jpg");
    }

    @Test
    void anImageWhoseNameHadoopCannotHoldIsRejectedByName() throws IOException {
        writeImages();
        write("train/cat/12:30:05.jpg", TestImages.file(TestImages.detailed(9, 9, 1), "jpeg"));
        Files.createSymbolicLink(folder.resolve("in/train/cat/gone.jpg"), Path.of("/nowhere.jpg"));
        shell("cp in/train/cat/c.png in/train/cat/$'caf\\xe9'.png");

        Manifest manifest = prepare(Store.PIXELS, 0.5, "out");

        assertThat(manifest.train().images()).isEqualTo(4);
        assertThat(rejected("out"))
                .containsExactly(
                        "train,cat/12:30:05.jpg,\"its name has a colon, which Hadoop cannot hold\"",
                        "train,cat/caf\uFFFD.png,\"its name is not in this JVM's encoding, UTF-8\"",
                        "train,cat/gone.jpg,it is a link to nothing");
    }

    @ParameterizedTest
    @ValueSource(strings = {"train/dog:big", "train/cat/more:pictures", "train/$'caf\\xe9'", "train/cat/$'caf\\xe9'"})
    void aFolderWhoseNameHadoopCannotHoldIsRefused(String name) throws IOException {
        writeImages();
        shell("mkdir -p in/" + name + " && cp in/train/cat/c.png in/" + name);
        assertThatThrownBy(() -> prepare(Store.PIXELS, 1, "out"))
                .isInstanceOf(UserException.class)
                .hasMessageMatching(
                        "(?s).*(dog:big|more:pictures|caf\uFFFD).* cannot be used: its name (has a colon|is not).*");
    }

    @Test
    void aClassThatIsALinkToNothingIsRefused() throws IOException {
        writeImages();
        Files.createSymbolicLink(folder.resolve("in/train/bird"), Path.of("/not mounted/bird"));
        assertThatThrownBy(() -> prepare(Store.PIXELS, 1, "out"))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "the class folder 'bird' in %s cannot be used: it is a link to nothing",
                        folder.resolve("in/train"));
    }

    @Test
    void whatIsPassedOverIsCounted() throws IOException {
        writeImages();
        write("train/dog/._a.JPEG", new byte[] {0, 5, 22, 7});
        write("train/.ipynb_checkpoints/a-checkpoint.jpg", new byte[] {1});
        write("val/__MACOSX/dog/e.jpg", new byte[] {1});
        write("val/dog/clip.mp4", new byte[] {1});
        write("val/labels.csv", new byte[] {1});
        write("extra/dog/a.jpg", new byte[] {1});
        write("README", new byte[] {1});
        Files.createSymbolicLink(folder.resolve("in/train/cat/loop"), Path.of(".."));
        Files.createSymbolicLink(folder.resolve("in/train/dog/self"), Path.of("."));

        String train = folder.resolve("in/train").toString();
        String val = folder.resolve("in/val").toString();
        assertThat(remarks())
                .containsExactly(
                        folder.resolve("in")
                                + ": 2 files or folders beside those of the splits passed over, the first extra",
                        train + ": 2 hidden files or folders passed over, the first .ipynb_checkpoints",
                        train + ": 1 file without an extension of images passed over: cat/notes.txt",
                        train + ": 2 links that lead back passed over, the first cat/loop",
                        val + ": 1 hidden file or folder passed over: __MACOSX",
                        val + ": 1 file without an extension of images passed over: dog/clip.mp4",
                        val + ": 1 file outside the class folders passed over: labels.csv");
        assertThat(prepare(Store.PIXELS, 0, "out").train().images()).isEqualTo(4);
    }

    @Test
    void foldersThatLinkToEachOtherAreEnteredOnce() throws IOException {
        writeImages();
        Files.createSymbolicLink(folder.resolve("in/train/cat/others"), Path.of("../dog"));
        Files.createSymbolicLink(folder.resolve("in/train/dog/others"), Path.of("../cat"));
        Manifest manifest = prepare(Store.PIXELS, 0, "out");
        assertThat(manifest.train().imagesPerClass()).containsExactly(4L, 4L);
    }

    @Test
    void aClassFolderMayBeALink() throws IOException {
        writeImages();
        Files.move(folder.resolve("in/train/cat"), folder.resolve("cats"));
        Files.createSymbolicLink(folder.resolve("in/train/cat"), folder.resolve("cats"));
        assertThat(prepare(Store.PIXELS, 0, "out").train().imagesPerClass()).containsExactly(2L, 2L);
    }

    @Test
    void oneClassIsRefusedAndALayoutTooDeepGuessed() throws IOException {
        for (String image : List.of("train/all/cat/a.png", "train/all/dog/a.png", "val/all/cat/a.png")) {
            write(image, TestImages.file(TestImages.detailed(9, 9, 1), "png"));
        }
        assertThatThrownBy(() -> prepare(Store.PIXELS, 0, "out"))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "%1$s has one class folder, all; a classifier needs two classes or more, each with a folder there;"
                                + " it holds the folders cat, dog: if these are the classes, the folder of the split is %1$s/all",
                        folder.resolve("in/train"));
    }

    @Test
    void imagesThatAllLieDeeperAreRemarked() throws IOException {
        for (String image : List.of(
                "train/a/cat/a.png", "train/b/dog/a.png", "val/a/cat/a.png", "val/b/dog/a.png", "val/b/a.png")) {
            write(image, TestImages.file(TestImages.detailed(9, 9, 1), "png"));
        }
        assertThat(remarks())
                .containsExactly(
                        folder.resolve("in/train")
                                + ": all images lie in folders below the class folders, the first a/cat/a.png; the classes are a, b");
    }

    private void shell(String command) throws IOException {
        try {
            assertThat(new ProcessBuilder("bash", "-c", command)
                            .directory(folder.toFile())
                            .inheritIO()
                            .start()
                            .waitFor())
                    .isZero();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aSplitWithoutUsableImagesFails() throws IOException {
        writeImages();
        write("val/dog/e.jpg", new byte[0]);
        write("val/cat/f.png", new byte[0]);

        assertThatThrownBy(() -> prepare(Store.PIXELS, 1, "out"))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "the data set cannot be made: 2 of 6 images cannot be used, a share of 0.3333 where"
                                + " prepare.max-rejected-share = 1.0, and a split has none left; %s names them with the reasons",
                        folder.resolve("out/rejected.csv"));
    }

    @Test
    void classesThatDifferAreNamed() throws IOException {
        writeImages();
        write("train/bird/g.png", new byte[] {1});
        write("val/fish/h.png", new byte[] {1});

        assertThatThrownBy(() -> prepare(Store.PIXELS, 0, "out"))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "the classes of %s and %s differ: only in the first: bird; only in the second: fish",
                        folder.resolve("in/train"), folder.resolve("in/val"));
    }

    @Test
    void foldersThatAreMissingOrHoldNothingAreNamed() throws IOException {
        assertThatThrownBy(() -> prepare(Store.PIXELS, 0, "out"))
                .isInstanceOf(UserException.class)
                .hasMessage("the image folder cannot be read: there is no " + folder.resolve("in/train"));
        writeImages();
        Files.delete(folder.resolve("in/val/cat/f.png"));
        assertThatThrownBy(() -> prepare(Store.PIXELS, 0, "out"))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "the class folder %s holds no file with one of the extensions .jpg, .jpeg, .png, .ppm, .bmp, .pgm, .tif, .tiff, .webp",
                        folder.resolve("in/val/cat"));
    }
}
