package org.sftn.predict;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.sftn.data.PassedColumn;

/** Answers as one Parquet file. {@code best} is a list of {@code class} and {@code probability}; vectors are lists of floats. */
final class ParquetAnswers implements Answers, AutoCloseable {
    private final ParquetWriter<Answer> parquet;

    /** @param out stays open */
    ParquetAnswers(OutputStream out, AnswerColumns columns, Configuration hadoop) throws IOException {
        parquet = new Builder(new Target(out), columns)
                .withConf(hadoop)
                // The jar has no native compressors; names and classes are small in dictionaries already.
                .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
                .build();
    }

    @Override
    public void add(Answer answer) throws IOException {
        parquet.write(answer);
    }

    @Override
    public void close() throws IOException {
        parquet.close();
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

    private static final class Builder extends ParquetWriter.Builder<Answer, Builder> {
        private final AnswerColumns columns;

        Builder(OutputFile file, AnswerColumns columns) {
            super(file);
            this.columns = columns;
        }

        @Override
        protected Builder self() {
            return this;
        }

        // Deprecated, but abstract.
        @Override
        @SuppressWarnings("deprecation")
        protected WriteSupport<Answer> getWriteSupport(Configuration hadoop) {
            return new Rows(columns);
        }
    }

    private static final class Rows extends WriteSupport<Answer> {
        private final AnswerColumns columns;
        private final MessageType schema;
        private RecordConsumer out;

        Rows(AnswerColumns columns) {
            this.columns = columns;
            this.schema = schema(columns);
        }

        // Deprecated, but abstract.
        @Override
        @SuppressWarnings("deprecation")
        public WriteContext init(Configuration hadoop) {
            return new WriteContext(schema, Map.of());
        }

        @Override
        public void prepareForWrite(RecordConsumer consumer) {
            out = consumer;
        }

        @Override
        public void write(Answer answer) {
            out.startMessage();
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
            out.endMessage();
        }

        private void guess(Answer.Guess guess) {
            out.startGroup();
            text(AnswerColumns.CLASS, 0, guess.className());
            field(AnswerColumns.PROBABILITY, 1, () -> out.addDouble(guess.probability()));
            out.endGroup();
        }

        private void vector(String name, float[] values) {
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

        private void text(String name, int index, String value) {
            if (value != null) {
                field(name, index, () -> out.addBinary(Binary.fromString(value)));
            }
        }

        private void field(String name, Object value, Runnable write) {
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

    /** Parquet writes to a file; here that is a stream that somebody else opens and closes. */
    private record Target(OutputStream out) implements OutputFile {
        @Override
        public PositionOutputStream create(long blockSizeHint) {
            return new PositionOutputStream() {
                private long position;

                @Override
                public long getPos() {
                    return position;
                }

                @Override
                public void write(int value) throws IOException {
                    out.write(value);
                    position++;
                }

                @Override
                public void write(byte[] bytes, int offset, int length) throws IOException {
                    out.write(bytes, offset, length);
                    position += length;
                }
            };
        }

        @Override
        public PositionOutputStream createOrOverwrite(long blockSizeHint) {
            return create(blockSizeHint);
        }

        @Override
        public boolean supportsBlockSize() {
            return false;
        }

        @Override
        public long defaultBlockSize() {
            return 0;
        }
    }
}
