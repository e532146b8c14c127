package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.io.FileUtils;

/**
 * A run that tests of several classes begin with. Whoever needs it first makes it; it lies in {@code target/fixtures} under a key of
 * the job and of what ran it. Nobody writes there again.
 *
 * @param folder what was its {@code --out}
 * @param out what the job has printed
 */
record Fixture(Path folder, String out) {
    private static final Path ALL = Path.of("target/fixtures").toAbsolutePath();

    /** 48 training and 20 test images of 16x16 in 4 classes. */
    static Fixture images() {
        return of("prepare", imagesSettings().toArray(String[]::new));
    }

    /** The settings of {@link #images()}. */
    static List<String> imagesSettings() {
        return List.of(
                "prepare.generated.classes=4",
                "prepare.generated.train-images=48",
                "prepare.generated.test-images=20",
                "prepare.image-size=16");
    }

    /** The settings of {@link #teacher()}, without {@code data.path}: two epochs of three iterations. */
    static List<String> teaching() {
        return List.of(
                "teacher.network=resnet8", "teacher.student=resnet8", "training.epochs=2", "training.global-batch=16");
    }

    /** Trained on {@link #images()}. */
    static Fixture teacher() {
        List<String> settings = new ArrayList<>(teaching());
        settings.add("data.path=" + images().folder());
        return of("teacher", settings.toArray(String[]::new));
    }

    private static Fixture of(String job, String... settings) {
        try {
            String name = job + "-" + key(String.join(" ", settings));
            Path folder = ALL.resolve(name);
            Path done = ALL.resolve(name + ".out");
            Files.createDirectories(ALL);
            try (FileChannel file = FileChannel.open(
                            ALL.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = file.lock()) {
                if (!Files.exists(done)) {
                    FileUtils.deleteDirectory(folder.toFile());
                    List<String> arguments = new ArrayList<>(List.of(job, "--out=" + folder));
                    for (String setting : settings) {
                        arguments.add("--set=" + setting);
                    }
                    Ran ran = Ran.of(arguments.toArray(String[]::new));
                    assertThat(ran.code()).as(ran.err()).isZero();
                    Files.writeString(done, ran.out());
                }
            }
            return new Fixture(folder, Files.readString(done));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String key(String text) throws IOException {
        MessageDigest digest = DigestUtils.getSha256Digest();
        DigestUtils.updateDigest(digest, text);
        DigestUtils.updateDigest(digest, System.getProperty("java.class.path"));
        try (Stream<Path> classes = Files.walk(Path.of("target/classes"))) {
            for (Path file : classes.filter(Files::isRegularFile).sorted().toList()) {
                digest.update(Files.readAllBytes(file));
            }
        }
        return HexFormat.of().formatHex(digest.digest(), 0, 8);
    }
}
