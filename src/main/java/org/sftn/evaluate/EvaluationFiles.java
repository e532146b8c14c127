package org.sftn.evaluate;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.HadoopFiles;

/** An evaluation as tables. */
public final class EvaluationFiles {
    private static final CSVFormat CSV =
            CSVFormat.DEFAULT.builder().setRecordSeparator('\n').get();

    private EvaluationFiles() {}

    /** A row for each class of images, a column for each class that was predicted. */
    public static void writeConfusion(Evaluation evaluation, Path path, Configuration hadoop) throws IOException {
        write(path, hadoop, csv -> {
            List<Object> header = new ArrayList<>(List.of("label"));
            header.addAll(evaluation.classNames());
            csv.printRecord(header);
            long[][] confusion = evaluation.confusion();
            for (int label = 0; label < confusion.length; label++) {
                List<Object> row =
                        new ArrayList<>(List.of(evaluation.classNames().get(label)));
                for (long count : confusion[label]) {
                    row.add(count);
                }
                csv.printRecord(row);
            }
        });
    }

    /** A row for each image, by index. */
    public static void writePredictions(Evaluation evaluation, Path path, Configuration hadoop) throws IOException {
        write(path, hadoop, csv -> {
            csv.printRecord("index", "name", "label", "predicted", "probability");
            for (Prediction prediction : evaluation.predictions()) {
                csv.printRecord(
                        prediction.index(),
                        prediction.name(),
                        evaluation.classNames().get(prediction.label()),
                        evaluation.classNames().get(prediction.predicted()),
                        String.format(Locale.ROOT, "%.6f", prediction.probability()));
            }
        });
    }

    @FunctionalInterface
    private interface Table {
        void print(CSVPrinter csv) throws IOException;
    }

    private static void write(Path path, Configuration hadoop, Table table) throws IOException {
        HadoopFiles.write(path.getFileSystem(hadoop), path, true, out -> {
            CSVPrinter csv = new CSVPrinter(new OutputStreamWriter(out, StandardCharsets.UTF_8), CSV);
            table.print(csv);
            csv.flush();
        });
    }
}
