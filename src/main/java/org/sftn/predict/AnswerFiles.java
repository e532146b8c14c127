package org.sftn.predict;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.Json;

/**
 * The output of a predict job: {@code predictions/part-00000.parquet} and so on, {@code csv/part-00000.csv} where they are asked
 * for, and until all are there a report of each part that is done.
 *
 * @param folder of the job
 * @param parts how many there will be
 */
public record AnswerFiles(String folder, int parts, boolean csv) implements Serializable {
    private static final String PARQUET = "predictions";
    private static final String CSV = "csv";
    private static final String REPORTS = "done";
    private static final int MAX_BYTES = 1 << 20;
    private static final Pattern REPORT = Pattern.compile("part-(?<part>\\d{1,9})-of-(?<parts>\\d{1,9})\\.json");

    /** All that is written, in the order in which it is deleted. */
    public static final List<String> WRITTEN = List.of(REPORTS, PARQUET, CSV);

    /** Makes the answers of a part. */
    @FunctionalInterface
    interface Making {
        PartReport make(Answers answers) throws IOException;
    }

    private Path file(String kind, int part, String extension) {
        return new Path(new Path(folder, kind), String.format(Locale.ROOT, "part-%05d%s", part, extension));
    }

    /**
     * Writes a part whole or not at all. One that is there is replaced.
     *
     * @param attempt differs between those that write at the same time
     */
    PartReport write(int part, long attempt, AnswerColumns columns, Configuration hadoop, Making making)
            throws IOException {
        PartReport[] report = new PartReport[1];
        replace(file(PARQUET, part, ".parquet"), attempt, hadoop, parquetFile -> {
            try (ParquetAnswers parquet = new ParquetAnswers(parquetFile, columns, hadoop)) {
                if (!csv) {
                    report[0] = making.make(parquet);
                    return;
                }
                replace(file(CSV, part, ".csv"), attempt, hadoop, csvFile -> {
                    try (CsvAnswers text = new CsvAnswers(csvFile, columns)) {
                        report[0] = making.make(answer -> {
                            parquet.add(answer);
                            text.add(answer);
                        });
                    }
                });
            }
        });
        byte[] json = Json.file(report[0]);
        String ofAll = String.format(Locale.ROOT, "-of-%05d.json", parts);
        replace(file(REPORTS, part, ofAll), attempt, hadoop, out -> out.write(json));
        return report[0];
    }

    private static void replace(Path path, long attempt, Configuration hadoop, HadoopFiles.Content content)
            throws IOException {
        FileSystem files = path.getFileSystem(hadoop);
        // Hidden, so that no reader of the folder takes it for a part.
        Path unfinished = new Path(path.getParent(), "." + path.getName() + "-" + attempt + HadoopFiles.UNFINISHED);
        HadoopFiles.replace(files, path, unfinished, hadoop, content);
    }

    /** The reports of the parts that are done, by the parts' numbers. */
    public SortedMap<Integer, PartReport> done(Configuration hadoop) throws IOException {
        SortedMap<Integer, PartReport> done = new TreeMap<>();
        for (Path report : reports(folder, hadoop)) {
            Matcher name = REPORT.matcher(report.getName());
            if (name.matches()) {
                byte[] json = HadoopFiles.read(report, MAX_BYTES, hadoop);
                done.put(Integer.valueOf(name.group("part")), Json.OPEN.readValue(json, PartReport.class));
            }
        }
        return done;
    }

    /** How far a run is that goes on or has stopped, for people; empty when there is no such run. */
    public static Optional<String> progress(String folder, Configuration hadoop) throws IOException {
        List<Matcher> reports = reports(folder, hadoop).stream()
                .map(report -> REPORT.matcher(report.getName()))
                .filter(Matcher::matches)
                .toList();
        return reports.stream()
                .findFirst()
                .map(any -> String.format(
                        Locale.ROOT, "%,d of %,d done", reports.size(), Integer.valueOf(any.group("parts"))));
    }

    private static List<Path> reports(String folder, Configuration hadoop) throws IOException {
        Path reports = new Path(folder, REPORTS);
        try {
            return Arrays.stream(reports.getFileSystem(hadoop).listStatus(reports))
                    .map(FileStatus::getPath)
                    .toList();
        } catch (FileNotFoundException e) {
            return List.of();
        }
    }

    /** Of an attempt that was killed. */
    public void deleteUnfinished(Configuration hadoop) throws IOException {
        for (String kind : WRITTEN) {
            Path inner = new Path(folder, kind);
            FileSystem files = inner.getFileSystem(hadoop);
            if (files.exists(inner)) {
                for (FileStatus each : files.listStatus(inner)) {
                    if (each.getPath().getName().endsWith(HadoopFiles.UNFINISHED)) {
                        files.delete(each.getPath(), false);
                    }
                }
            }
        }
    }

    /** Of an earlier attempt whose parts may have been others. */
    public void deleteAll(Configuration hadoop) throws IOException {
        for (String kind : WRITTEN) {
            Path inner = new Path(folder, kind);
            inner.getFileSystem(hadoop).delete(inner, true);
        }
    }

    /** When all parts are done. */
    public void deleteReports(Configuration hadoop) throws IOException {
        Path reports = new Path(folder, REPORTS);
        reports.getFileSystem(hadoop).delete(reports, true);
    }
}
