package org.sftn.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
import org.sftn.data.TestData;
import org.sftn.data.image.TestImages;
import org.sftn.data.shard.Manifest;
import org.sftn.data.shard.Preparer;

class WebDatasetSourceTest {
    private static final List<String> CLASSES = List.of("cat", "dog", "eel");

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

    @BeforeEach
    void makeFolder() throws IOException {
        // A name that would be a pattern.
        in = Files.createDirectories(folder.resolve("in[1]"));
    }

    private static byte[] jpeg(int seed) {
        return TestImages.file(TestImages.detailed(20 + seed % 5, 16, seed), "jpeg");
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** @param files names, each with a text, or with the seed of an image */
    private void tar(String name, Object... files) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        for (int i = 0; i < files.length; i += 2) {
            byte[] bytes = files[i + 1] instanceof Integer seed ? jpeg(seed) : text((String) files[i + 1]);
            entries.put((String) files[i], bytes);
        }
        Path tar = in.resolve(name);
        Files.createDirectories(tar.getParent());
        Files.write(tar, TestTars.tar(entries));
    }

    /** Twelve training images in two tars and three test images, of three classes. */
    private void write(String... labels) throws IOException {
        for (int t = 0; t < 2; t++) {
            Object[] files = new Object[24];
            for (int i = 0; i < 6; i++) {
                int number = i * 2 + t;
                files[4 * i] = "image " + number + ".jpg";
                files[4 * i + 1] = number;
                files[4 * i + 2] = "image " + number + ".cls";
                files[4 * i + 3] = labels[number % 3] + "\n";
            }
            tar("x-train-" + t + ".tar", files);
        }
        tar(
                "x-val.tar",
                "a.jpg",
                20,
                "a.cls",
                labels[0],
                "b.jpg",
                21,
                "b.cls",
                labels[1],
                "c.jpg",
                22,
                "c.cls",
                labels[2]);
    }

    private Settings settings(String... more) {
        Map<String, String> values = new HashMap<>(Map.of(
                "prepare.source", "webdataset",
                "prepare.input", in.toString(),
                "prepare.store", "files",
                "prepare.image-size", "8",
                "prepare.shard-size", "4000B",
                "prepare.max-rejected-share", "0.7"));
        for (int i = 0; i < more.length; i += 2) {
            values.put(more[i], more[i + 1]);
        }
        return TestSettings.with(values);
    }

    private Manifest prepare(String out, String... more) {
        return TestData.prepare(spark, settings(more), 5, folder.resolve(out));
    }

    private List<String> check(String... more) {
        return new Preparer(spark, settings(more), 5, System.out).check();
    }

    private void refused(String message, String... more) {
        assertThatThrownBy(() -> check(more)).isInstanceOf(UserException.class).hasMessage(message);
    }

    @Test
    void tarsGiveTheImagesOfTheFoldersInTheirOrder() throws IOException {
        write("cat", "dog", "eel");
        Manifest tars = prepare("tars");
        for (int i = 0; i < 12; i++) {
            Path file = folder.resolve("folders/train/" + CLASSES.get(i % 3) + "/image " + i + ".jpg");
            Files.createDirectories(file.getParent());
            Files.write(file, jpeg(i));
        }
        for (int i = 0; i < 3; i++) {
            Path file = folder.resolve("folders/test/" + CLASSES.get(i) + "/" + "abc".charAt(i) + ".jpg");
            Files.createDirectories(file.getParent());
            Files.write(file, jpeg(20 + i));
        }
        Manifest folders = prepare(
                "of-folders",
                "prepare.source",
                "image-folder",
                "prepare.input",
                folder.resolve("folders").toString());

        assertThat(tars.classNames()).isEqualTo(CLASSES);
        assertThat(tars.train().shards()).hasSizeGreaterThan(1);
        assertThat(tars.train().imagesPerClass()).containsExactly(4L, 4L, 4L);
        assertThat(tars.identity()).isEqualTo(folders.identity());
        assertThat(TestData.samples(spark, folder.resolve("tars"), "test"))
                .allSatisfy(sample -> assertThat(sample.image()).isEqualTo(jpeg(20 + sample.label())));
    }

    @Test
    void numbersAreNamedByAFileOrByThemselves() throws IOException {
        write("0", "1", "2");
        assertThat(prepare("bare").classNames()).containsExactly("0", "1", "2");

        Files.writeString(in.resolve("classes.txt"), "eel\ndog\ncat\n\n");
        Manifest named = prepare("named", "prepare.class-names", "classes.txt");
        assertThat(named.classNames()).containsExactly("eel", "dog", "cat");
        assertThat(named.train().imagesPerClass()).containsExactly(4L, 4L, 4L);
        // The file is none that is passed over.
        assertThat(check("prepare.class-names", "classes.txt"))
                .containsExactly("webdataset, 12 training and 3 test images of 3 classes");
    }

    @Test
    void namesMayHaveTheOrderOfAFile() throws IOException {
        write("cat", "dog", "eel");
        Files.writeString(in.resolve("classes.txt"), "eel\nfox\ndog\ncat\n");

        Manifest named = prepare("named", "prepare.class-names", "classes.txt");
        assertThat(named.classNames()).containsExactly("eel", "fox", "dog", "cat");
        assertThat(named.train().imagesPerClass()).containsExactly(4L, 0L, 4L, 4L);
    }

    @Test
    void labelsThatDoNotFitAreNamed() throws IOException {
        write("1", "2", "30");
        refused(
                "the labels of the training images are 1, 2, 30, not the numbers from 0 to 2: prepare.class-names, a file"
                        + " with one class per line, says which classes there are");
        Files.writeString(in.resolve("classes.txt"), "cat\ndog\n");
        refused(
                "training images have labels that are none of the 2 classes that " + in.resolve("classes.txt")
                        + " names: 2, 30",
                "prepare.class-names",
                "classes.txt");
        Files.writeString(in.resolve("classes.txt"), "cat\ndog\ncat\n");
        refused(
                in.resolve("classes.txt") + " names the class 'cat' twice: it must name one class per line",
                "prepare.class-names",
                "classes.txt");
        refused(
                "the names of the classes cannot be read: there is no file " + in.resolve("none.txt"),
                "prepare.class-names",
                "none.txt");

        write("cat", "dog", "eel");
        tar("x-val.tar", "a.jpg", 20, "a.cls", "fox");
        refused("test images have labels that are none of the 3 classes of the training images: fox");
        write("cat", "cat", "cat");
        refused("there is one class or none, cat; a classifier needs two classes or more");
        write("a\nb", "cat", "dog");
        refused("the class 'a\\u000Ab' cannot be used: its name is too long or not printable");
    }

    @Test
    void labelsMayStandInJson() throws IOException {
        write("0", "1", "2");
        tar(
                "x-train-2.tar",
                "a.b.jpg",
                1,
                "a.jpeg",
                30,
                "a.json",
                "{\"class\": 2, \"label\": 7}",
                "b.PNG",
                31,
                "b.json",
                "{\"class\": \"1\"}",
                "c.jpg",
                32,
                "c.json",
                "{\"class\": 2}",
                "c.cls",
                "0",
                "c.txt",
                "a caption",
                "._c.jpg",
                "x",
                "d.jpg",
                33,
                "d.json",
                "{\"label\": 1}",
                "e.jpg",
                34,
                "e.json",
                "{\"class\": 1.5}",
                "f.jpg",
                35,
                "f.json",
                "{");

        Manifest manifest = prepare("out", "prepare.webdataset.label-field", "class");
        assertThat(manifest.train().imagesPerClass()).containsExactly(5L, 5L, 5L);
        assertThat(folder.resolve("out/rejected.csv"))
                .content()
                .contains("train,x-train-2.tar/d.jpg,its label d.json has no field 'class'"
                        + " (prepare.webdataset.label-field); it has label\r\n")
                .contains(
                        "train,x-train-2.tar/e.jpg,in its label e.json the field 'class' is neither a text nor a whole"
                                + " number: 1.5\r\n")
                .contains("train,x-train-2.tar/f.jpg,\"its label f.json cannot be read: ");
        assertThat(check("prepare.webdataset.label-field", "class"))
                .contains(
                        in + ", train: 1 hidden file or folder passed over: x-train-2.tar/._c.jpg",
                        in + ", train: 3 files that are neither an image nor its label passed over, the first"
                                + " x-train-2.tar/a.b.jpg");
    }

    @Test
    void whatIsNoSampleIsRejectedByName() throws IOException {
        write("cat", "dog", "eel");
        tar(
                "x-train-2.tar",
                "alone.jpg",
                1,
                "image 3.jpg",
                2,
                "image 3.cls",
                "cat",
                "label.cls",
                "cat",
                "two.jpg",
                3,
                "two.png",
                4,
                "two.cls",
                "cat",
                "twice.jpg",
                5,
                "twice.cls",
                "cat",
                "twice.CLS",
                "dog",
                "empty.jpg",
                6,
                "empty.cls",
                " ",
                "broken.jpg",
                "no image",
                "broken.cls",
                "cat",
                "folder.2/image 3.jpg",
                7,
                "folder.2/image 3.cls",
                "cat");

        Manifest manifest = prepare("out");
        assertThat(manifest.train().images()).isEqualTo(13);
        assertThat(Files.readAllLines(folder.resolve("out/rejected.csv")))
                .anySatisfy(line -> assertThat(line).startsWith("train,broken.jpg,"))
                .hasSize(8)
                .contains(
                        "train,x-train-2.tar/alone.jpg,\"it has no label, neither alone.cls nor alone.json\"",
                        "train,x-train-2.tar/image 3.jpg,its key is in x-train-1.tar too",
                        "train,x-train-2.tar/label.cls,there is no image label to this label",
                        "train,x-train-2.tar/two.jpg,\"its key has more than one image: two.jpg, two.png\"",
                        "train,x-train-2.tar/twice.jpg,\"its key has more than one label: twice.cls, twice.CLS\"",
                        "train,x-train-2.tar/empty.jpg,its label empty.cls is empty");
    }

    @Test
    void patternsThatFindNothingOrTheSameAreRefused() throws IOException {
        write("cat", "dog", "eel");
        refused(
                "there is no tar in " + in
                        + " as prepare.webdataset.test = *test*.tar wants it; there is x-train-0.tar,"
                        + " x-train-1.tar, x-val.tar",
                "prepare.webdataset.test",
                "*test*.tar");
        refused(
                "prepare.webdataset.train and prepare.webdataset.test both take file:" + in + "/x-train-0.tar: a model"
                        + " would be tested on images that it was trained on",
                "prepare.webdataset.test",
                "*.tar");
        assertThatThrownBy(() -> check("prepare.webdataset.test", "{a"))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("prepare.webdataset.test cannot be '{a': Illegal file pattern");
        refused(
                "WebDataset's tars cannot be read: there is no " + folder.resolve("none"),
                "prepare.input",
                folder.resolve("none").toString());
    }

    @Test
    void tarsInFoldersAndWhatLiesBeside() throws IOException {
        write("cat", "dog", "eel");
        tar("more/y.tar", "y.jpg", 8, "y.cls", "cat");
        Files.writeString(in.resolve("index.json"), "x");

        assertThat(check("prepare.webdataset.train", "{x-train-*,more/*}.tar"))
                .containsExactly(
                        "webdataset, 13 training and 3 test images of 3 classes",
                        in + ": 1 file or folder beside those of the splits passed over: index.json");
    }

    @Test
    void aTarThatIsCutFailsOrGivesWhatIsWhole() throws IOException {
        write("cat", "dog", "eel");
        Path tar = in.resolve("x-train-1.tar");
        byte[] whole = Files.readAllBytes(tar);
        int length = 512 + (jpeg(1).length + 511) / 512 * 512 + 1024;
        // In the second image.
        Files.write(tar, Arrays.copyOf(whole, length + 600));

        assertThatThrownBy(() -> check())
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("file:" + tar
                        + " is cut or damaged, after 2 whole files, at image 3.jpg: the archive ends in it, ")
                .hasMessageEndingWith("; prepare.damaged-tars = skip uses what is whole");
        assertThat(prepare("out", "prepare.damaged-tars", "skip").train().images())
                .isEqualTo(7);
        assertThat(folder.resolve("out/rejected.csv"))
                .content()
                .contains("train,x-train-1.tar/image 3.jpg,\"the archive ends in it, ");
    }
}
