package org.sftn.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.MetricsCsv;
import org.sftn.conf.Printable;
import org.sftn.conf.UserException;

/**
 * A run's {@code metrics.csv}.
 *
 * @param rows one an epoch, by column
 */
public record MetricsTable(List<Map<String, String>> rows) {
    public MetricsTable {
        rows = List.copyOf(rows);
    }

    /** @throws UserException when it is no such file */
    public static MetricsTable read(Path path, Configuration hadoop) throws IOException {
        return new MetricsTable(MetricsCsv.read(path, hadoop));
    }

    /**
     * Likewise, of a run that may not have come to the end of its first epoch: no rows when there is no file.
     *
     * @throws UserException when it is no such file
     */
    public static MetricsTable soFar(Path path, Configuration hadoop) throws IOException {
        return path.getFileSystem(hadoop).exists(path) ? read(path, hadoop) : new MetricsTable(List.of());
    }

    /** A column's number in a row; empty where the run had none. */
    public OptionalDouble number(int row, String column) {
        String text = rows.get(row).getOrDefault(column, "");
        try {
            return text.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(Double.parseDouble(text));
        } catch (NumberFormatException e) {
            throw new UserException(
                    String.format(
                            Locale.ROOT,
                            "metrics.csv cannot be used: %s of epoch %d is '%s'",
                            column,
                            row + 1,
                            Printable.of(text)),
                    e);
        }
    }

    /** Of all epochs together. */
    public double seconds() {
        double seconds = 0;
        for (int row = 0; row < rows.size(); row++) {
            seconds += number(row, "seconds").orElse(0);
        }
        return seconds;
    }

    /** The epochs that were evaluated. */
    public List<CurvePoint> curve() {
        List<CurvePoint> curve = new ArrayList<>();
        double seconds = 0;
        for (int row = 0; row < rows.size(); row++) {
            seconds += number(row, "seconds").orElse(0);
            OptionalDouble top1 = number(row, "test_top1");
            if (top1.isPresent()) {
                curve.add(new CurvePoint(
                        (int) number(row, "epoch").orElse(row + 1.0),
                        seconds,
                        number(row, "train_loss").orElse(Double.NaN),
                        top1.getAsDouble()));
            }
        }
        return curve;
    }
}
