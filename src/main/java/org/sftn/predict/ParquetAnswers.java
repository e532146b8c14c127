package org.sftn.predict;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.jspecify.annotations.Nullable;
import org.sftn.data.shard.ParquetRows;
import org.sftn.data.unlabeled.PassedColumn;

/** Answers as one Parquet file. {@code best} is a list of {@code class} and {@code probability}; vectors are lists of floats. */
final class ParquetAnswers implements Answers, AutoCloseable {
    private final ParquetRows<Answer> rows;

    /** @param out stays open */
    ParquetAnswers(OutputStream out, AnswerColumns columns, Configuration hadoop) throws IOException {
        MessageType schema = schema(columns);
        rows = new ParquetRows<>(
                out, schema, true, (answer, row) -> new Fields(columns, schema, row).write(answer), hadoop);
    }

    @Override
    public void add(Answer answer) throws IOException {
        rows.write(answer);
    }

    @Override
    public void close() throws IOException {
        rows.close();
    }

    private static MessageType schema(AnswerColumns columns) {
        List<Type> fields = new ArrayList<>();
        for (PassedColumn passed : columns.passed()) {
            fields.add(
                    switch (passed.type()) {
                        case TEXT -> text(passed.name());
                        case INTEGER -> Types.optional(PrimitiveTypeName.INT64).named(passed.name());
                        case NUMBER -> Types.optional(PrimitiveTypeName.DOUBLE).named(passed.name());
                        case TRUTH -> Types.optional(PrimitiveTypeName.BOOLEAN).named(passed.name());
                    });
        }
        fields.add(text(AnswerColumns.NAME));
        fields.add(text(AnswerColumns.CLASS));
        fields.add(Types.optional(PrimitiveTypeName.DOUBLE).named(AnswerColumns.PROBABILITY));
        fields.add(Types.optionalList()
                .optionalGroupElement()
                .addField(text(AnswerColumns.CLASS))
                .addField(Types.optional(PrimitiveTypeName.DOUBLE).named(AnswerColumns.PROBABILITY))
                .named(AnswerColumns.BEST));
        if (columns.logits()) {
            fields.add(vector(AnswerColumns.LOGITS));
        }
        if (columns.features()) {
            fields.add(vector(AnswerColumns.FEATURES));
        }
        fields.add(text(AnswerColumns.REASON));
        return new MessageType("prediction", fields);
    }

    private static Type text(String name) {
        return Types.optional(PrimitiveTypeName.BINARY)
                .as(LogicalTypeAnnotation.stringType())
                .named(name);
    }

    private static Type vector(String name) {
        return Types.optionalList().requiredElement(PrimitiveTypeName.FLOAT).named(name);
    }

    /** The fields of one row. */
    private record Fields(AnswerColumns columns, MessageType schema, RecordConsumer out) {
        void write(Answer answer) {
            for (int i = 0; i < columns.passed().size(); i++) {
                Object value = answer.passed().get(i);
                String name = columns.passed().get(i).name();
                switch (columns.passed().get(i).type()) {
                    case TEXT -> text(name, schema.getFieldIndex(name), (String) value);
                    case INTEGER -> field(name, value, () -> out.addLong(((Number) value).longValue()));
                    case NUMBER -> field(name, value, () -> out.addDouble(((Number) value).doubleValue()));
                    case TRUTH -> field(name, value, () -> out.addBoolean((Boolean) value));
                }
            }
            text(AnswerColumns.NAME, schema.getFieldIndex(AnswerColumns.NAME), answer.name());
            if (!answer.best().isEmpty()) {
                Answer.Guess first = answer.best().get(0);
                text(AnswerColumns.CLASS, schema.getFieldIndex(AnswerColumns.CLASS), first.className());
                field(AnswerColumns.PROBABILITY, first, () -> out.addDouble(first.probability()));
                list(
                        AnswerColumns.BEST,
                        answer.best().size(),
                        i -> guess(answer.best().get(i)));
            }
            vector(AnswerColumns.LOGITS, answer.logits());
            vector(AnswerColumns.FEATURES, answer.features());
            text(
                    AnswerColumns.REASON,
                    schema.getFieldIndex(AnswerColumns.REASON),
                    answer.reason().orElse(null));
        }

        private void guess(Answer.Guess guess) {
            out.startGroup();
            text(AnswerColumns.CLASS, 0, guess.className());
            field(AnswerColumns.PROBABILITY, 1, () -> out.addDouble(guess.probability()));
            out.endGroup();
        }

        private void vector(String name, float @Nullable [] values) {
            if (values != null) {
                list(name, values.length, i -> out.addFloat(values[i]));
            }
        }

        @FunctionalInterface
        private interface Element {
            void write(int index);
        }

        // Parquet's standard layout of a list, in three levels.
        private void list(String name, int size, Element element) {
            field(name, schema.getFieldIndex(name), () -> {
                out.startGroup();
                field("list", 0, () -> {
                    for (int i = 0; i < size; i++) {
                        int index = i;
                        out.startGroup();
                        field("element", 0, () -> element.write(index));
                        out.endGroup();
                    }
                });
                out.endGroup();
            });
        }

        private void text(String name, int index, @Nullable String value) {
            if (value != null) {
                field(name, index, () -> out.addBinary(Binary.fromString(value)));
            }
        }

        private void field(String name, @Nullable Object value, Runnable write) {
            if (value != null) {
                field(name, schema.getFieldIndex(name), write);
            }
        }

        private void field(String name, int index, Runnable write) {
            out.startField(name, index);
            write.run();
            out.endField(name, index);
        }
    }
}
