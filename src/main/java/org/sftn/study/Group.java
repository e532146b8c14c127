package org.sftn.study;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Students that differ by their seed alone.
 *
 * @param teacher the kind of teacher; null for students alone
 * @param varied by key
 * @param planned students, done or not
 * @param cells those that are done, one at least
 * @param baseline mean top-1 of the students of the baseline's teachers with the same settings; not a number when there are none
 * @param gain over the baseline in top-1, of the seeds that both have; of none for the baseline and for students alone
 * @param gainOverAlone over the student alone, likewise; of none for students alone
 */
public record Group(
        Networks networks,
        @Nullable String teacher,
        String method,
        SortedMap<String, String> varied,
        int planned,
        List<Cell> cells,
        double baseline,
        SeedSample gain,
        SeedSample gainOverAlone) {
    public Group {
        varied = Collections.unmodifiableSortedMap(new TreeMap<>(varied));
        cells = List.copyOf(cells);
    }

    /**
     * A moment of training, over the seeds.
     *
     * @param epoch from 1
     * @param top1 of the test images, in [0, 1]
     */
    public record CurveMean(int epoch, SeedSample top1) {}

    /**
     * When students reach an accuracy, over the seeds that do.
     *
     * @param epochs its count says how many do
     * @param seconds of training until then
     */
    public record Reached(SeedSample epochs, SeedSample seconds) {}

    /** Shares of test images in [0, 1]. */
    public SeedSample top1() {
        return over(cell -> cell.scores().top1());
    }

    /** Shares of test images in [0, 1]. */
    public SeedSample top5() {
        return over(cell -> cell.scores().top5());
    }

    /** Expected calibration error, in [0, 1]. */
    public SeedSample calibrationError() {
        return over(cell -> cell.scores().calibrationError());
    }

    /** Of none for students alone. */
    public SeedSample teacherTop1() {
        return over(cell ->
                cell.teacherScores() == null ? Double.NaN : cell.teacherScores().top1());
    }

    /** Of none for students alone. */
    public SeedSample teacherCalibrationError() {
        return over(cell ->
                cell.teacherScores() == null ? Double.NaN : cell.teacherScores().calibrationError());
    }

    /** KL(teacher||student) in nats; of none for students alone. */
    public SeedSample kl() {
        return over(cell ->
                cell.similarity() == null ? Double.NaN : cell.similarity().kl());
    }

    /** In [0, 1]; of none for students alone. */
    public SeedSample cka() {
        return over(cell ->
                cell.similarity() == null ? Double.NaN : cell.similarity().cka());
    }

    /** In [0, 1]; of none for students alone. */
    public SeedSample agreement() {
        return over(cell ->
                cell.similarity() == null ? Double.NaN : cell.similarity().agreement());
    }

    /** Of training one student. */
    public SeedSample studentCoreHours() {
        return over(Cell::studentCoreHours);
    }

    /** Of training its teacher; of none for students alone. */
    public SeedSample teacherCoreHours() {
        return over(cell -> teacher == null ? Double.NaN : cell.teacherCoreHours());
    }

    private SeedSample over(ToDoubleFunction<Cell> number) {
        return SeedSample.of(cells.stream().mapToDouble(number).boxed().toList());
    }

    /** By epoch, of the students that were evaluated after it. */
    public List<CurveMean> curve() {
        SortedMap<Integer, List<Double>> byEpoch = new TreeMap<>();
        for (Cell cell : cells) {
            cell.curve()
                    .forEach(point -> byEpoch.computeIfAbsent(point.epoch(), epoch -> new ArrayList<>())
                            .add(point.testTop1()));
        }
        List<CurveMean> curve = new ArrayList<>();
        for (Map.Entry<Integer, List<Double>> each : byEpoch.entrySet()) {
            curve.add(new CurveMean(each.getKey(), SeedSample.of(each.getValue())));
        }
        return curve;
    }

    /** @param top1 in [0, 1] */
    public Reached reached(double top1) {
        List<CurvePoint> first = cells.stream()
                .map(cell -> firstReaching(cell.curve(), top1))
                .flatMap(Optional::stream)
                .toList();
        return new Reached(
                SeedSample.of(
                        first.stream().map(point -> (double) point.epoch()).toList()),
                SeedSample.of(first.stream().map(CurvePoint::seconds).toList()));
    }

    private static Optional<CurvePoint> firstReaching(List<CurvePoint> curve, double top1) {
        return curve.stream().filter(point -> point.testTop1() >= top1).findFirst();
    }
}
