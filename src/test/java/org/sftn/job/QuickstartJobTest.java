package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuickstartJobTest {
    @TempDir
    Path folder;

    @Test
    void aTableOfTwoTeachersAndThreeStudentsThatResumingRepeats() {
        Ran first = quickstart();

        assertThat(first.code()).as(first.err()).isZero();
        List<String> lines = first.out().lines().toList();
        assertThat(lines.get(0)).isEqualTo("resnet14 -> resnet8, top-1 on the test images in %");
        assertThat(lines.subList(2, 5))
                .extracting(line -> line.split(" {2,}")[0])
                .containsExactly("student alone", "kd from standard", "kd from student-friendly");
        assertThat(lines.get(lines.size() - 1)).startsWith("quickstart done: ");
        assertThat(folder.resolve("quickstart/study/report.html")).exists();
        assertThat(folder.resolve("quickstart/result.json")).exists();

        Ran again = quickstart("--resume");

        assertThat(again.code()).as(again.err()).isZero();
        assertThat(again.out()).isEqualTo(first.out());
    }

    private Ran quickstart(String... more) {
        List<String> arguments = new ArrayList<>(
                List.of("quickstart", "--out", folder.resolve("quickstart").toString()));
        for (String setting : List.of(
                "prepare.generated.train-images=60",
                "prepare.generated.test-images=20",
                "training.epochs=1",
                "training.schedule.milestones=[]",
                "training.schedule.warm-up-epochs=0",
                "teacher.network=resnet14")) {
            arguments.addAll(List.of("--set", setting));
        }
        arguments.addAll(List.of(more));
        return Ran.of(arguments.toArray(String[]::new));
    }
}
