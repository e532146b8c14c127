package org.sftn.conf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Reads {@code metrics.csv}: a header, and a row per epoch. */
public final class MetricsCsv {
    private static final int MAX_BYTES = 64 << 20;
    private static final CSVFormat FORMAT =
            CSVFormat.DEFAULT.builder().setHeader().setSkipHeaderRecord(true).get();

    private MetricsCsv() {}

    /**
     * From the first epoch on, by column.
     *
     * @throws java.io.FileNotFoundException when it is not there
     * @throws UserException when it is no such file
     */
    public static List<Map<String, String>> read(Path path, Configuration hadoop) throws IOException {
        String text;
        try {
            text = new String(HadoopFiles.read(path, MAX_BYTES, hadoop), StandardCharsets.UTF_8);
        } catch (HadoopFiles.TooLongException e) {
            throw unusable(path, e);
        }
        try (CSVParser parser = CSVParser.parse(text, FORMAT)) {
            return parser.stream().map(row -> row.toMap()).toList();
        } catch (IOException | IllegalArgumentException | UncheckedIOException e) {
            throw unusable(path, e);
        }
    }

    /** Of a file whose rows are not what they should be. */
    public static UserException unusable(Path path, Exception why) {
        return new UserException(
                path + " cannot be used, it is no file of metrics: " + Printable.of(String.valueOf(why.getMessage())),
                why);
    }
}
