package org.sftn.job.run;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sftn.study.StudyResult;
import org.sftn.study.TrainedRun;
import org.sftn.study.report.CsvReport;
import org.sftn.study.report.HtmlReport;
import org.sftn.study.report.MarkdownReport;

/** A report in all of its forms. */
public final class ReportFiles {
    private static final String HTML = "report.html";
    private static final String MARKDOWN = "report.md";
    private static final String CSV = "report.csv";

    public static final List<String> NAMES = List.of(HTML, MARKDOWN, CSV);

    private final SortedMap<String, String> texts;

    private ReportFiles(String html, String markdown, String csv) {
        this.texts = new TreeMap<>(Map.of(HTML, html, MARKDOWN, markdown, CSV, csv));
    }

    public static ReportFiles of(StudyResult study) {
        return new ReportFiles(HtmlReport.of(study), MarkdownReport.of(study), CsvReport.of(study));
    }

    public static ReportFiles of(TrainedRun run) {
        return new ReportFiles(HtmlReport.of(run), MarkdownReport.of(run), CsvReport.of(run));
    }

    /** Replaces older ones; each is whole when it is there. */
    public void write(Path folder, Configuration hadoop) throws IOException {
        for (Map.Entry<String, String> text : texts.entrySet()) {
            RunFolder.replace(new Path(folder, text.getKey()), text.getValue(), hadoop);
        }
    }
}
