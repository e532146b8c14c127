package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names of files in a JVM that cannot hold them all, as spark-submit starts one from cron; jobs/* set the locale. */
class NamesTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void writeImages() throws IOException {
        BufferedImage image = new BufferedImage(9, 9, BufferedImage.TYPE_INT_RGB);
        for (String split : List.of("train", "test")) {
            for (String name : List.of("cat", "dog")) {
                Path ofClass = Files.createDirectories(
                        folder.resolve("in").resolve(split).resolve(name));
                assertThat(ImageIO.write(image, "png", ofClass.resolve("a.png").toFile()))
                        .isTrue();
            }
        }
    }

    /** In the C locale. */
    private JobProcess prepare(String... more) throws IOException {
        List<String> command = new ArrayList<>(JobProcess.command(
                List.of("prepare", "--set=prepare.source=image-folder", "--set=prepare.max-rejected-share=1"),
                folder.resolve("out")));
        command.add("--set=prepare.input=" + folder.resolve("in"));
        command.addAll(List.of(more));
        return JobProcess.run(command, folder.resolve("log"), Map.of("LC_ALL", "C"));
    }

    @Test
    void aClassThatTheLocaleCannotHoldIsRefused() throws Exception {
        Files.createDirectories(folder.resolve("in/train/中文"));
        JobProcess job = prepare();
        assertThat(job.await()).as(job.said()).isEqualTo(2);
        assertThat(job.said())
                .containsPattern("error: the class folder '.+' in .*/in/train cannot be used:"
                        + " its name is not in this JVM's encoding, ANSI_X3.4-1968");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void anImageThatTheLocaleCannotHoldIsRejectedByName() throws Exception {
        Files.copy(folder.resolve("in/train/cat/a.png"), folder.resolve("in/train/cat/señal.png"));
        JobProcess job = prepare();
        assertThat(job.await()).as(job.said()).isZero();
        assertThat(folder.resolve("out/rejected.csv"))
                .content()
                .containsPattern("train,cat/se.+al.png,\"its name is not in this JVM's encoding, ANSI_X3.4-1968\"");
    }

    @Test
    void aSettingThatTheLocaleCannotHoldIsRefused() throws Exception {
        JobProcess job = prepare("--set=prepare.input=" + folder.resolve("été"));
        assertThat(job.await()).as(job.said()).isEqualTo(2);
        assertThat(job.said())
                .contains("error: prepare.input cannot be '")
                .contains("this JVM's locale is of ANSI_X3.4-1968, which cannot hold all names");
    }
}
