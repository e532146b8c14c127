package org.sftn.study.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sftn.study.MetricsTable;
import org.sftn.study.StudyFixture;
import org.sftn.study.TrainedRun;
import org.sftn.study.TrainedRun.Origin;

/** Training runs that are made up. */
final class RunFixture {
    private RunFixture() {}

    /** Four epochs of a student. */
    static TrainedRun distill() {
        return new TrainedRun(
                "distill",
                "student",
                "done",
                List.of(new Origin("Data set", "sha256:4d3c2b1a0f9e8d7c"), new Origin("Seed", "1")),
                StudyFixture.of(Map.of("distill.method", "kd", "training.epochs", "4")),
                new MetricsTable(List.of(
                        row("1", "0.05", "4.1", "0.10", "0.12"),
                        row("2", "0.05", "3.2", "0.31", "0.3"),
                        row("3", "0.005", "2.6", "0.42", "0.46"),
                        row("4", "0.005", "2.5", "0.47", "0.455"))));
    }

    /** Its names and texts would be markup if they were not escaped, its numbers are none. */
    static TrainedRun hostile() {
        Map<String, String> row = row("1", "1e300", "NaN", "Infinity", "-1e300");
        row.put("train_loss_" + StudyFixture.HOSTILE, "1");
        return new TrainedRun(
                StudyFixture.HOSTILE,
                StudyFixture.HOSTILE,
                StudyFixture.HOSTILE,
                List.of(new Origin(StudyFixture.HOSTILE, StudyFixture.HOSTILE)),
                StudyFixture.of(Map.of(StudyFixture.HOSTILE, StudyFixture.HOSTILE)),
                new MetricsTable(List.of(row)));
    }

    /** No epoch is done. */
    static TrainedRun unstarted() {
        return new TrainedRun(
                "teacher", "teacher", "not at its end", List.of(), new TreeMap<>(), new MetricsTable(List.of()));
    }

    private static Map<String, String> row(String epoch, String rate, String loss, String trained, String tested) {
        Map<String, String> row = new LinkedHashMap<>();
        row.put("epoch", epoch);
        row.put("iteration", epoch + "00");
        row.put("learning_rate", rate);
        row.put("train_loss", loss);
        row.put("train_loss_ce", "1.5");
        row.put("train_loss_kd", "0.9");
        row.put("train_top1", trained);
        row.put("skipped_images", "0");
        row.put("test_loss", "2.9");
        row.put("test_top1", tested);
        row.put("test_top5", "0.7");
        row.put("data_wait_share", "0.0312");
        row.put("exchange_share", "0.0120");
        row.put("step_milliseconds", "27.7012");
        row.put("longest_step_milliseconds", "41.5000");
        row.put("images_per_second", "2310.4");
        row.put("seconds", "21.640");
        return row;
    }
}
