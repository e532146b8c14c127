package org.sftn.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.sftn.evaluate.Similarity;

/** Studies that are made up, but could be. */
public final class StudyFixture {
    public static final List<String> KINDS = List.of("standard", "friendly");
    public static final Networks SMALL = new Networks("resnet20", "resnet8", "resnet8");
    static final Networks LARGE = new Networks("wrn_40_2", "resnet8x4", "resnet8x4");
    /** What would be a script, a formula, a table's column, a steered terminal, if it were not escaped. */
    public static final String HOSTILE = "=<script>alert('1')</script>&amp;\"|**x**\u202e\u0007\uffff]]>";

    private static final int EPOCHS = 40;
    private static final SortedMap<String, String> NOTHING = new TreeMap<>();

    private StudyFixture() {}

    /** 2 pairs, 2 kinds of teacher, 3 methods and the student alone, 3 seeds; one student has failed, one was refused. */
    public static StudyResult pairs() {
        List<Cell> cells = new ArrayList<>();
        for (Networks networks : List.of(SMALL, LARGE)) {
            for (long seed = 1; seed <= 3; seed++) {
                cells.add(cell(networks, null, "none", NOTHING, seed, networks.equals(SMALL) ? 0.592 : 0.725));
                for (String kind : KINDS) {
                    double gain = kind.equals("friendly") ? 0.011 : 0;
                    double start = networks.equals(SMALL) ? 0.601 : 0.733;
                    cells.add(cell(networks, kind, "kd", NOTHING, seed, start + gain));
                    cells.add(cell(networks, kind, "crd", NOTHING, seed, start + 0.013 + gain / 8));
                    cells.add(cell(networks, kind, "at", NOTHING, seed, start - 0.006 - gain / 2));
                }
            }
        }
        cells.replaceAll(cell -> {
            if (cell.name().equals("resnet20-resnet8/friendly/crd/seed-3")) {
                return undone(cell, Cell.State.FAILED, "java.io.IOException: No space left on device");
            }
            return cell.name().equals("wrn_40_2-resnet8x4/standard/at/seed-2")
                    ? undone(cell, Cell.State.REFUSED, "at does not fit wrn_40_2 and resnet8x4")
                    : cell;
        });
        return study("Which teacher suits small students?", KINDS, cells);
    }

    /** A grid of two settings for friendly teachers, of one of them for students of standard ones. */
    public static StudyResult grid() {
        List<Cell> cells = new ArrayList<>();
        for (long seed = 1; seed <= 3; seed++) {
            for (int lambda : List.of(1, 3, 5, 10)) {
                for (int temperature : List.of(1, 2, 4, 8)) {
                    double top1 = 0.61 - 0.0004 * Math.pow(lambda - 4, 2) + 0.004 * Math.log(temperature);
                    cells.add(cell(
                            SMALL,
                            "friendly",
                            "kd",
                            of(Map.of("teacher.lambda-kl", "" + lambda, "distill.kd.temperature", "" + temperature)),
                            seed,
                            top1));
                    if (lambda == 1) {
                        SortedMap<String, String> ofStandard = of(Map.of("distill.kd.temperature", "" + temperature));
                        cells.add(cell(SMALL, "standard", "kd", ofStandard, seed, top1 - 0.002));
                    }
                }
                double top1 = 0.60 - 0.0002 * Math.pow(lambda - 4, 2);
                cells.add(cell(SMALL, "friendly", "at", of(Map.of("teacher.lambda-kl", "" + lambda)), seed, top1));
            }
            cells.add(cell(SMALL, "standard", "at", NOTHING, seed, 0.597));
            cells.add(cell(SMALL, null, "none", NOTHING, seed, 0.592));
        }
        return study("How much does the weight of the branches matter?", KINDS, cells);
    }

    /** All names, texts and values are hostile. */
    public static StudyResult hostile() {
        Networks networks = new Networks(HOSTILE, HOSTILE, HOSTILE);
        List<String> kinds = List.of(HOSTILE, HOSTILE + "2");
        List<Cell> cells = new ArrayList<>();
        for (long seed = 1; seed <= 2; seed++) {
            for (String kind : kinds) {
                for (String value : List.of("1", HOSTILE)) {
                    cells.add(cell(networks, kind, HOSTILE, of(Map.of(HOSTILE, value)), seed, 0.5));
                }
            }
            cells.add(undone(cell(networks, null, "none", NOTHING, seed, 0.5), Cell.State.FAILED, HOSTILE));
        }
        return new StudyResult(
                HOSTILE,
                HOSTILE + "\n" + HOSTILE,
                List.of(HOSTILE),
                HOSTILE,
                1,
                1,
                kinds,
                cells,
                of(Map.of(HOSTILE, HOSTILE)));
    }

    public static StudyResult study(String title, List<String> kinds, List<Cell> cells) {
        return new StudyResult(
                title,
                "Do students learn more from a teacher that was trained together with their branches than from a standard one?",
                List.of("0.1.0-SNAPSHOT (442d2fa)"),
                "cifar-100-binary, sha256:4d3c2b1a0f9e8d7c",
                50_000,
                10_000,
                kinds,
                cells,
                of(Map.of(
                        "training.epochs", "" + EPOCHS,
                        "training.schedule.milestones", "[25, 30, 35]",
                        "study.seeds", "[1, 2, 3]")));
    }

    public static SortedMap<String, String> of(Map<String, String> settings) {
        return new TreeMap<>(settings);
    }

    /** A cell that is done, with this final top-1 but for some noise of the seed. */
    static Cell cell(
            Networks networks, String kind, String method, SortedMap<String, String> varied, long seed, double top1) {
        SplittableRandom random =
                new SplittableRandom(List.of("" + kind, method, varied, seed).hashCode());
        double end = top1 + random.nextDouble(-0.004, 0.004);
        List<CurvePoint> curve = new ArrayList<>();
        for (int epoch = 1; epoch <= EPOCHS; epoch++) {
            double noise = epoch < 25 ? random.nextDouble(-0.02, 0.02) : random.nextDouble(-0.002, 0.002);
            double rate = epoch < 25 ? 0.8 * (1 - Math.exp(-epoch / 5.0)) : 1;
            double now = epoch == EPOCHS ? end : end * rate + noise;
            curve.add(new CurvePoint(epoch, 21.5 * epoch, 4.6 * Math.exp(-epoch / 12.0), now));
        }
        boolean friendly = "friendly".equals(kind);
        return new Cell(
                String.join(
                        "/",
                        kind == null ? networks.student() : networks.teacher() + "-" + networks.student(),
                        kind == null ? method : kind + "/" + method + (varied.isEmpty() ? "" : "/" + varied),
                        "seed-" + seed),
                kind == null ? null : networks.teacher() + "/" + kind + "/" + varied + "/seed-" + seed,
                networks,
                kind,
                method,
                varied,
                seed,
                Cell.State.DONE,
                null,
                new Scores(end, end + 0.24, 1.6 - end, 0.06 + random.nextDouble(0.01)),
                kind == null ? null : new Scores(friendly ? 0.691 : 0.695, 0.91, 1.1, 0.085),
                kind == null
                        ? null
                        : new Similarity(
                                (friendly ? 0.48 : 0.61) + random.nextDouble(0.03),
                                (friendly ? 0.87 : 0.82) + random.nextDouble(0.02),
                                (friendly ? 0.73 : 0.69) + random.nextDouble(0.01)),
                curve,
                0.478 + random.nextDouble(0.01),
                kind == null ? 0 : friendly ? 1.31 : 0.92);
    }

    static Cell undone(Cell cell, Cell.State state, String message) {
        return new Cell(
                cell.name(),
                cell.teacherRun(),
                cell.networks(),
                cell.teacher(),
                cell.method(),
                cell.varied(),
                cell.seed(),
                state,
                message,
                null,
                null,
                null,
                List.of(),
                0,
                0);
    }
}
