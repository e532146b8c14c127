package org.sftn.study.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.sftn.evaluate.Similarity;
import org.sftn.study.Cell;
import org.sftn.study.CurvePoint;
import org.sftn.study.Scores;
import org.sftn.study.StudyFixture;

class TextReportTest {
    @Test
    void aTableForPeopleAtATerminal() {
        List<Cell> cells =
                List.of(alone(1, 0.718), taught("standard", 1, 0.941, 0.806), taught("friendly", 1, 0.93, 0.7999));
        assertThat(TextReport.of(StudyFixture.study("one seed", StudyFixture.KINDS, cells)))
                .isEqualTo("""
                        resnet20 -> resnet8, top-1 on the test images in %
                                          teacher  student  over student alone  over standard  epochs to standard    KL  agreement
                        student alone                71.80
                        kd from standard    94.10    80.60               +8.80                                2.0  0.30      85.00
                        kd from friendly    93.00    79.99               +8.19          -0.61         not reached  0.30      85.00
                        """);
    }

    @Test
    void gainsOfSeveralSeedsHaveIntervals() {
        List<Cell> cells = new ArrayList<>();
        for (int seed = 1; seed <= 2; seed++) {
            cells.add(taught("standard", seed, 0.9, 0.8));
            cells.add(taught("friendly", seed, 0.9, 0.8 + 0.01 * seed));
        }
        // 1 and 2 points: their mean and 12.706 times their deviation of 0.7071 by the root of 2.
        assertThat(TextReport.of(StudyFixture.study("two seeds", StudyFixture.KINDS, cells)))
                .contains("+1.50 [-4.85, +7.85]");
    }

    @Test
    void studentsThatDoNotGetThereAreCounted() {
        List<Cell> cells = List.of(
                taught("standard", 1, 0.9, 0.8),
                taught("standard", 2, 0.9, 0.84),
                taught("friendly", 1, 0.9, 0.95),
                taught("friendly", 2, 0.9, 0.81));
        // The baseline's mean is 82 %: friendly seed 1 has 85 % after an epoch, seed 2 never.
        assertThat(TextReport.of(StudyFixture.study("two seeds", StudyFixture.KINDS, cells)))
                .contains("2.0 (1 of 2)", "1.0 (1 of 2)");
    }

    @Test
    void aNameCannotSteerTheTerminal() {
        assertThat(TextReport.of(StudyFixture.hostile())).doesNotContain("\u0007", "\u202e");
    }

    private static Cell alone(long seed, double top1) {
        return cell(null, "none", seed, top1, null, null);
    }

    private static Cell taught(String kind, long seed, double teacher, double top1) {
        return cell(kind, "kd", seed, top1, new Scores(teacher, 1, 0.2, 0.1), new Similarity(0.3, 0.9, 0.85));
    }

    private static Cell cell(
            String kind, String method, long seed, double top1, Scores teacher, Similarity similarity) {
        return new Cell(
                kind + "/seed-" + seed,
                kind,
                StudyFixture.SMALL,
                kind,
                method,
                new TreeMap<>(),
                seed,
                Cell.State.DONE,
                null,
                new Scores(top1, 1, 0.5, 0.1),
                teacher,
                similarity,
                List.of(new CurvePoint(1, 1, 1, top1 - 0.1), new CurvePoint(2, 2, 1, top1)),
                0.1,
                0.2);
    }
}
