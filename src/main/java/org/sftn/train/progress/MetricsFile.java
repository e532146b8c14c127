package org.sftn.train.progress;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.MetricsCsv;
import org.sftn.conf.UserException;
import org.sftn.train.quantity.EvaluationSums;

/** {@code metrics.csv}, a row per epoch. Written whole after each epoch: not every Hadoop file system can append. */
public final class MetricsFile {
    private static final CSVFormat FORMAT =
            CSVFormat.DEFAULT.builder().setRecordSeparator('\n').get();
    private static final String ITERATION = "iteration";

    private final Path path;
    private final Configuration hadoop;
    private final List<Map<String, String>> rows;

    private MetricsFile(Path path, Configuration hadoop, List<Map<String, String>> rows) {
        this.path = path;
        this.hadoop = hadoop;
        this.rows = rows;
    }

    /**
     * @param iterations done; rows of later epochs are dropped
     * @throws UserException when it is no such file
     */
    public static MetricsFile open(Path path, long iterations, Configuration hadoop) throws IOException {
        List<Map<String, String>> rows = new ArrayList<>();
        try {
            for (Map<String, String> row : MetricsCsv.read(path, hadoop)) {
                String iteration = row.get(ITERATION);
                if (iteration == null) {
                    throw MetricsCsv.unusable(path, new IllegalArgumentException("a row has no " + ITERATION));
                }
                if (Long.parseLong(iteration) <= iterations) {
                    rows.add(new LinkedHashMap<>(row));
                }
            }
        } catch (FileNotFoundException e) {
            return new MetricsFile(path, hadoop, rows);
        } catch (NumberFormatException e) {
            throw MetricsCsv.unusable(path, e);
        }
        return new MetricsFile(path, hadoop, rows);
    }

    /** From the first epoch on, by column. */
    public List<Map<String, String>> rows() {
        return rows;
    }

    public void add(EpochRow epoch) throws IOException {
        rows.add(cells(epoch));
        StringWriter text = new StringWriter();
        try (CSVPrinter printer = new CSVPrinter(text, FORMAT)) {
            // Earlier rows may be of a version with fewer columns.
            Set<String> columns = rows.get(rows.size() - 1).keySet();
            printer.printRecord(columns);
            for (Map<String, String> row : rows) {
                printer.printRecord(columns.stream().map(column -> row.getOrDefault(column, "")));
            }
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        HadoopFiles.replace(path, hadoop, out -> out.write(bytes));
    }

    private static Map<String, String> cells(EpochRow epoch) {
        Map<String, String> cells = new LinkedHashMap<>();
        cells.put("epoch", Integer.toString(epoch.epoch()));
        cells.put(ITERATION, Long.toString(epoch.iteration()));
        cells.put("learning_rate", Double.toString(epoch.learningRate()));
        cells.put("train_loss", Double.toString(epoch.train().meanLoss()));
        epoch.train().meanTerms().forEach((name, mean) -> cells.put("train_loss_" + name, Double.toString(mean)));
        OptionalDouble top1 = epoch.train().top1();
        cells.put("train_top1", top1.isPresent() ? Double.toString(top1.getAsDouble()) : "");
        epoch.train().auxiliaryTop1().forEach((name, share) -> cells.put("train_top1_" + name, Double.toString(share)));
        cells.put("skipped_images", Long.toString(epoch.train().skipped()));
        EvaluationSums test = epoch.test();
        cells.put("test_loss", test == null ? "" : Double.toString(test.meanCrossEntropy()));
        cells.put("test_top1", test == null ? "" : Double.toString(test.top1Share()));
        cells.put("test_top5", test == null ? "" : Double.toString(test.top5Share()));
        cells.put("skipped_test_images", test == null ? "" : Long.toString(test.skipped()));
        epoch.steps().values().forEach((column, value) -> cells.put(column, String.format(Locale.ROOT, "%.4f", value)));
        cells.put("images_per_second", String.format(Locale.ROOT, "%.1f", epoch.imagesPerSecond()));
        cells.put("seconds", String.format(Locale.ROOT, "%.3f", epoch.seconds()));
        return cells;
    }
}
