package org.sftn.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.sftn.conf.Printable;
import org.sftn.conf.UserException;

/** What Hugging Face's library {@code datasets} writes into a Parquet file besides columns. Spark SQL does not show it. */
final class HuggingFace {
    private static final String KEY = "huggingface";

    private HuggingFace() {}

    /**
     * The names of a column's classes by label; empty when the file does not say.
     *
     * @throws UserException when what it says cannot be understood
     */
    static Optional<ClassNames> classNames(Path file, String column, Configuration hadoop) throws IOException {
        String features;
        try (ParquetFileReader reader = ParquetFileReader.open(HadoopInputFile.fromPath(file, hadoop))) {
            features =
                    reader.getFooter().getFileMetaData().getKeyValueMetaData().get(KEY);
        }
        if (features == null) {
            return Optional.empty();
        }
        JsonNode names;
        try {
            names = new ObjectMapper()
                    .readTree(features)
                    .path("info")
                    .path("features")
                    .path(column)
                    .path("names");
        } catch (IOException e) {
            throw new UserException(
                    "the names of the classes in " + file + " cannot be read: " + Printable.damageOfJson(e), e);
        }
        if (!names.isArray()) {
            return Optional.empty();
        }
        List<String> texts = new ArrayList<>();
        names.forEach(name -> texts.add(Printable.of(name.asText())));
        return Optional.of(new ClassNames(file.toString(), texts));
    }
}
