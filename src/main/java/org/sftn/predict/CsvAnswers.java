package org.sftn.predict;

import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.jspecify.annotations.Nullable;

/** Answers as one CSV file with a header: the best classes side by side, vectors as {@code [1.5, -2.0]}. */
final class CsvAnswers implements Answers, AutoCloseable {
    private final AnswerColumns columns;
    private final CSVPrinter csv;

    /** @param out stays open */
    CsvAnswers(OutputStream out, AnswerColumns columns) throws IOException {
        this.columns = columns;
        this.csv = new CSVPrinter(
                new OutputStreamWriter(out, StandardCharsets.UTF_8),
                CSVFormat.DEFAULT.builder().setRecordSeparator('\n').get());
        List<String> header = new ArrayList<>();
        columns.passed().forEach(passed -> header.add(passed.name()));
        header.addAll(List.of(AnswerColumns.NAME, AnswerColumns.CLASS, AnswerColumns.PROBABILITY));
        for (int place = 2; place <= columns.top(); place++) {
            header.add(AnswerColumns.ranked(AnswerColumns.CLASS, place));
            header.add(AnswerColumns.ranked(AnswerColumns.PROBABILITY, place));
        }
        if (columns.logits()) {
            header.add(AnswerColumns.LOGITS);
        }
        if (columns.features()) {
            header.add(AnswerColumns.FEATURES);
        }
        header.add(AnswerColumns.REASON);
        csv.printRecord(header);
    }

    @Override
    public void add(Answer answer) throws IOException {
        List<@Nullable Object> row = new ArrayList<>(answer.passed());
        row.add(answer.name());
        for (int place = 0; place < columns.top(); place++) {
            boolean there = place < answer.best().size();
            row.add(there ? answer.best().get(place).className() : null);
            row.add(
                    there
                            ? String.format(
                                    Locale.ROOT,
                                    "%.6f",
                                    answer.best().get(place).probability())
                            : null);
        }
        if (columns.logits()) {
            row.add(answer.logits() == null ? null : Arrays.toString(answer.logits()));
        }
        if (columns.features()) {
            row.add(answer.features() == null ? null : Arrays.toString(answer.features()));
        }
        row.add(answer.reason().orElse(null));
        csv.printRecord(row);
    }

    @Override
    public void close() throws IOException {
        csv.flush();
    }
}
