package org.sftn.job;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.sftn.conf.HadoopPath;
import org.sftn.conf.Settings;
import org.sftn.data.Dataset;
import org.sftn.model.SavedModel;

/**
 * What a job works with.
 *
 * @param out qualified
 * @param progress takes lines for people while the job works
 */
record Session(
        SparkSession spark,
        Settings settings,
        Path out,
        Options.Existing existing,
        Interruption interruption,
        PrintStream progress) {
    Configuration hadoop() {
        return spark.sparkContext().hadoopConfiguration();
    }

    String application() {
        return spark.sparkContext().applicationId();
    }

    /** For a run that is a part of this one: it lies in a folder of this one's and goes on where it was stopped. */
    Session part(String folder, Map<String, String> values, PrintStream itsProgress) {
        return new Session(
                spark,
                settings.with(values),
                new Path(out, folder),
                Options.Existing.RESUME,
                interruption,
                itsProgress);
    }

    /** The one that {@code data.path} names. */
    Dataset dataset() {
        return Dataset.open(
                spark,
                HadoopPath.of("data.path", settings.data().path(), hadoop()).toString(),
                settings.data().damaged());
    }

    /**
     * @param key of the setting that names the model's folder
     * @param folder empty for no model
     */
    Optional<SavedModel> model(String key, String folder) throws IOException {
        return folder.isBlank()
                ? Optional.empty()
                : Optional.of(SavedModel.read(HadoopPath.of(key, folder, hadoop()), hadoop()));
    }
}
