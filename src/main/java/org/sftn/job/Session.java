package org.sftn.job;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.sftn.conf.HadoopPath;
import org.sftn.conf.Settings;
import org.sftn.data.Dataset;
import org.sftn.data.source.ClassNames;
import org.sftn.job.run.Existing;
import org.sftn.model.SavedModel;

/**
 * What a job works with.
 *
 * @param out qualified
 * @param progress takes lines for people while the job works
 */
record Session(
        JavaSparkContext spark,
        Settings settings,
        Path out,
        Existing existing,
        Interruption interruption,
        PrintStream progress) {
    Configuration hadoop() {
        return spark.hadoopConfiguration();
    }

    String application() {
        return spark.sc().applicationId();
    }

    /** For a run that is a part of this one: it lies in a folder of this one's and goes on where it was stopped. */
    Session part(String folder, Map<String, String> values, PrintStream itsProgress) {
        return new Session(
                spark, settings.with(values), new Path(out, folder), Existing.RESUME, interruption, itsProgress);
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

    /**
     * What the classes are called by the data set and the models that a run reads.
     *
     * @param models by the key of the setting that names the model's folder
     * @throws UserException when two of them differ
     */
    List<String> classNames(Dataset data, Map<String, Optional<SavedModel>> models) {
        List<ClassNames> all = new ArrayList<>();
        all.add(new ClassNames(whose("data set", "data.path"), data.manifest().classNames()));
        new TreeMap<>(models)
                .forEach((key, model) -> model.ifPresent(known -> all.add(
                        new ClassNames(whose("model", key), known.description().classNames()))));
        return ClassNames.common(all);
    }

    private String whose(String what, String key) {
        return "the " + what + " " + settings.effective().get(key) + " (" + key + ")";
    }
}
