package org.sftn.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.sftn.study.StudyFixture.LARGE;
import static org.sftn.study.StudyFixture.SMALL;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.sftn.study.Summary.Pair;

/** Expected numbers are SciPy 1.17's ({@code stats.t.interval}, {@code statistics.stdev}) or stand in the test. */
class SummaryTest {
    /** Double precision, some operations; the quantile is found to 1e-9 of itself. */
    private static final Offset<Double> EXACTLY = within(1e-8);

    @Test
    void theIntervalOfStudentsOwnSleepData() {
        // Student 1908, "The probable error of a mean": the additional hours of sleep of ten patients, column 2 - 1.
        SeedSample sample = SeedSample.of(List.of(1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4));

        assertThat(sample.count()).isEqualTo(10);
        assertThat(sample.mean()).isCloseTo(1.58, EXACTLY);
        assertThat(sample.deviation()).isCloseTo(1.2299954832798732, EXACTLY);
        assertThat(sample.interval()).hasValueSatisfying(interval -> {
            assertThat(interval.low()).isCloseTo(0.7001142367230176, EXACTLY);
            assertThat(interval.high()).isCloseTo(2.4598857632769824, EXACTLY);
            assertThat(interval.side()).isEqualTo(Interval.Side.ABOVE_ZERO);
        });
    }

    @Test
    void oneSeedHasNoDeviationAndNoInterval() {
        SeedSample one = SeedSample.of(List.of(0.5, Double.NaN));

        assertThat(one.count()).isEqualTo(1);
        assertThat(one.mean()).isEqualTo(0.5);
        assertThat(one.deviation()).isNaN();
        assertThat(one.interval()).isEmpty();
        assertThat(SeedSample.of(List.of()).mean()).isNaN();
    }

    @Test
    void gainsArePairedBySeed() {
        Group friendly = group(
                "friendly",
                scored(SMALL, "standard", Map.of(), 1, 0.60),
                scored(SMALL, "standard", Map.of(), 2, 0.61),
                scored(SMALL, "standard", Map.of(), 3, 0.62),
                scored(SMALL, "friendly", Map.of(), 3, 0.637),
                scored(SMALL, "friendly", Map.of(), 1, 0.612),
                scored(SMALL, "friendly", Map.of(), 2, 0.617));

        // Of 0.012, 0.007 and 0.017.
        assertThat(friendly.gain().count()).isEqualTo(3);
        assertThat(friendly.gain().mean()).isCloseTo(0.012, EXACTLY);
        assertThat(friendly.gain().deviation()).isCloseTo(0.005, EXACTLY);
        Interval interval = friendly.gain().interval().orElseThrow();
        assertThat(interval.low()).isCloseTo(-0.0004206885587516515, EXACTLY);
        assertThat(interval.high()).isCloseTo(0.024420688558751652, EXACTLY);
        assertThat(interval.side()).isEqualTo(Interval.Side.INCLUDES_ZERO);
        assertThat(friendly.baseline()).isCloseTo(0.61, EXACTLY);
    }

    @Test
    void aSeedThatOneOfTheTwoLacksIsInNoGainAndAFailureInNoMean() {
        Cell failed =
                StudyFixture.undone(scored(SMALL, "friendly", Map.of(), 2, 0), Cell.State.FAILED, "a disk was full");
        Cell refused =
                StudyFixture.undone(scored(SMALL, "standard", Map.of(), 3, 0), Cell.State.REFUSED, "it does not fit");
        Summary summary = summary(
                scored(SMALL, "standard", Map.of(), 1, 0.60),
                scored(SMALL, "standard", Map.of(), 2, 0.50),
                refused,
                scored(SMALL, "standard", Map.of(), 4, 0.63),
                scored(SMALL, "friendly", Map.of(), 1, 0.604),
                failed,
                scored(SMALL, "friendly", Map.of(), 3, 0.70),
                scored(SMALL, "friendly", Map.of(), 4, 0.624));

        assertThat(summary.undone()).containsExactly(refused, failed);
        Group friendly = group(summary, "friendly");
        assertThat(friendly.planned()).isEqualTo(4);
        assertThat(friendly.top1().count()).isEqualTo(3);
        assertThat(friendly.top1().mean()).isCloseTo((0.604 + 0.70 + 0.624) / 3, EXACTLY);
        // Of 0.004 and -0.006: seeds 1 and 4.
        assertThat(friendly.gain().count()).isEqualTo(2);
        Interval interval = friendly.gain().interval().orElseThrow();
        assertThat(interval.low()).isCloseTo(-0.06453102368087348, EXACTLY);
        assertThat(interval.high()).isCloseTo(0.06253102368087347, EXACTLY);
        assertThat(group(summary, "standard").gain().count()).isZero();
    }

    @Test
    void aStandardTeacherIsTheBaselineOfAllSettingsOfBranches() {
        Map<String, String> ofStudent = Map.of("distill.kd.temperature", "4");
        Summary summary = summary(
                scored(SMALL, "standard", ofStudent, 1, 0.60),
                scored(SMALL, "standard", Map.of("distill.kd.temperature", "8"), 1, 0.20),
                scored(SMALL, "friendly", with(ofStudent, "teacher.lambda-kl", "1"), 1, 0.61),
                scored(SMALL, "friendly", with(ofStudent, "teacher.lambda-kl", "3"), 1, 0.63));

        assertThat(summary.pairs().get(0).groups())
                .filteredOn(group -> "friendly".equals(group.teacher()))
                .extracting(group -> Math.round(1000 * group.gain().mean()))
                .containsExactly(10L, 30L);
    }

    @Test
    void aStudentAloneServesAllItsTeachersAndMakesNoPair() {
        Networks other = new Networks("resnet56", "resnet8", "resnet8");
        Map<String, String> training = Map.of("training.epochs", "10");
        Summary summary = summary(
                scored(SMALL, null, training, 1, 0.58),
                scored(SMALL, null, Map.of("training.epochs", "20"), 1, 0.10),
                scored(SMALL, "standard", with(training, "distill.kd.temperature", "4"), 1, 0.60),
                scored(other, "standard", training, 1, 0.59),
                scored(LARGE, null, Map.of(), 1, 0.7));

        assertThat(summary.pairs()).extracting(Pair::networks).containsExactly(SMALL, other, LARGE);
        assertThat(summary.pairs().get(1).groups()).extracting(Group::teacher).containsExactly(null, null, "standard");
        assertThat(gainOverAlone(summary, 0)).isCloseTo(0.02, EXACTLY);
        assertThat(gainOverAlone(summary, 1)).isCloseTo(0.01, EXACTLY);
    }

    @Test
    void theBestAreAllThatAreEqual() {
        Pair pair = summary(
                        scored(SMALL, null, Map.of(), 1, 0.5),
                        scored(SMALL, "standard", Map.of(), 1, 0.6),
                        scored(SMALL, "friendly", Map.of(), 1, 0.6))
                .pairs()
                .get(0);

        assertThat(pair.best()).extracting(Group::teacher).containsExactly("standard", "friendly");
    }

    @Test
    void accuraciesAreReachedWhenTheyAreFirst() {
        Group group = group(
                "standard",
                learning(1, 0.10, 0.30, 0.20, 0.41),
                learning(2, 0.05, 0.15, 0.29, 0.50),
                learning(3, 0.05, 0.05, 0.05, 0.05));

        Group.Reached reached = group.reached(0.30);
        // In epochs 2 and 4, after 20 and 40 seconds.
        assertThat(reached.epochs().count()).isEqualTo(2);
        assertThat(reached.epochs().mean()).isEqualTo(3);
        assertThat(reached.seconds().mean()).isEqualTo(30);
        assertThat(group.reached(0.51).epochs().count()).isZero();
        assertThat(group.curve()).extracting(Group.CurveMean::epoch).containsExactly(1, 2, 3, 4);
        assertThat(group.curve().get(0).top1().mean()).isCloseTo(0.2 / 3, EXACTLY);
    }

    private static Summary summary(Cell... cells) {
        return Summary.of(StudyFixture.study("", StudyFixture.KINDS, List.of(cells)));
    }

    private static Group group(String kind, Cell... cells) {
        return group(summary(cells), kind);
    }

    private static Group group(Summary summary, String kind) {
        return summary.pairs().get(0).groups().stream()
                .filter(group -> kind.equals(group.teacher()))
                .findFirst()
                .orElseThrow();
    }

    private static double gainOverAlone(Summary summary, int pair) {
        return summary.pairs().get(pair).groups().stream()
                .filter(group -> group.teacher() != null)
                .findFirst()
                .orElseThrow()
                .gainOverAlone()
                .mean();
    }

    private static Map<String, String> with(Map<String, String> settings, String key, String value) {
        Map<String, String> more = StudyFixture.of(settings);
        more.put(key, value);
        return more;
    }

    private static Cell scored(Networks networks, String kind, Map<String, String> varied, long seed, double top1) {
        return done(networks, kind, varied, seed, top1, List.of());
    }

    private static Cell learning(long seed, double... top1) {
        List<CurvePoint> curve = new ArrayList<>();
        for (double each : top1) {
            int epoch = curve.size() + 1;
            curve.add(new CurvePoint(epoch, 10.0 * epoch, 1, each));
        }
        return done(SMALL, "standard", Map.of(), seed, top1[top1.length - 1], curve);
    }

    private static Cell done(
            Networks networks,
            String kind,
            Map<String, String> varied,
            long seed,
            double top1,
            List<CurvePoint> curve) {
        return new Cell(
                "cell",
                kind,
                networks,
                kind,
                kind == null ? "none" : "kd",
                StudyFixture.of(varied),
                seed,
                Cell.State.DONE,
                null,
                new Scores(top1, 1, 1, 0),
                null,
                null,
                curve,
                1,
                0);
    }
}
