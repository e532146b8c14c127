package org.sftn.study.report;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.jspecify.annotations.Nullable;
import org.sftn.evaluate.Similarity;
import org.sftn.study.Cell;
import org.sftn.study.Scores;
import org.sftn.study.StudyResult;
import org.sftn.study.TrainedRun;

/** A report for spreadsheets. Shares are in [0, 1]; what there is none of is empty. */
public final class CsvReport {
    private static final CSVFormat FORMAT =
            CSVFormat.DEFAULT.builder().setRecordSeparator('\n').get();
    /** What spreadsheets take for a formula. */
    private static final Pattern FORMULA = Pattern.compile("^[=+\\-@\\t\\r]");

    private static final Pattern NUMBER = Pattern.compile("[+-]?[0-9.]+([eE][+-]?[0-9]+)?");

    private CsvReport() {}

    /** A row for each student, done or not. */
    public static String of(StudyResult study) {
        Set<String> varied = study.cells().stream()
                .flatMap(cell -> cell.varied().keySet().stream())
                .collect(Collectors.toCollection(TreeSet::new));
        List<List<String>> rows = new ArrayList<>();
        List<String> header =
                new ArrayList<>(List.of("name", "teacher_network", "student_network", "branches", "teacher", "method"));
        header.addAll(varied);
        header.addAll(List.of(
                "seed",
                "state",
                "message",
                "top1",
                "top5",
                "loss",
                "calibration_error",
                "teacher_top1",
                "teacher_top5",
                "teacher_loss",
                "teacher_calibration_error",
                "kl",
                "cka",
                "agreement",
                "student_core_hours",
                "teacher_core_hours"));
        rows.add(header);
        study.cells().forEach(cell -> rows.add(row(cell, varied)));
        return text(rows);
    }

    private static List<String> row(Cell cell, Set<String> varied) {
        List<String> row = new ArrayList<>(List.of(
                cell.name(),
                cell.networks().teacher(),
                cell.networks().student(),
                cell.networks().branches(),
                cell.teacher() == null ? "" : cell.teacher(),
                cell.method()));
        varied.forEach(key -> row.add(cell.varied().getOrDefault(key, "")));
        row.add(Long.toString(cell.seed()));
        row.add(cell.state().name());
        row.add(cell.message() == null ? "" : cell.message());
        addScores(row, cell.student());
        addScores(row, cell.teacherScores());
        Similarity similarity = cell.similarity();
        row.add(similarity == null ? "" : Double.toString(similarity.kl()));
        row.add(similarity == null ? "" : Double.toString(similarity.cka()));
        row.add(similarity == null ? "" : Double.toString(similarity.agreement()));
        boolean done = cell.state() == Cell.State.DONE;
        row.add(done ? Double.toString(cell.studentCoreHours()) : "");
        row.add(done ? Double.toString(cell.teacherCoreHours()) : "");
        return row;
    }

    private static void addScores(List<String> row, @Nullable Scores scores) {
        row.add(scores == null ? "" : Double.toString(scores.top1()));
        row.add(scores == null ? "" : Double.toString(scores.top5()));
        row.add(scores == null ? "" : Double.toString(scores.loss()));
        row.add(scores == null ? "" : Double.toString(scores.calibrationError()));
    }

    /** A row for each epoch. */
    public static String of(TrainedRun run) {
        List<List<String>> rows = new ArrayList<>(List.of(run.columns()));
        run.metrics()
                .rows()
                .forEach(row -> rows.add(run.columns().stream()
                        .map(column -> row.getOrDefault(column, ""))
                        .toList()));
        return text(rows);
    }

    private static String text(List<List<String>> rows) {
        StringWriter text = new StringWriter();
        try (CSVPrinter csv = new CSVPrinter(text, FORMAT)) {
            for (List<String> row : rows) {
                csv.printRecord(row.stream().map(CsvReport::harmless));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    private static String harmless(String cell) {
        return FORMULA.matcher(cell).find() && !NUMBER.matcher(cell).matches() ? "'" + cell : cell;
    }
}
