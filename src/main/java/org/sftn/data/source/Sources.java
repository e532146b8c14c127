package org.sftn.data.source;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;
import org.sftn.conf.Nearest;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;

/** The table of sources: a source is its file, its row here and its block in reference.conf. */
public final class Sources {
    /**
     * A row.
     *
     * @param name in {@code prepare.source}; the source's own settings are {@code prepare.NAME}
     * @param files whether its images are files, which can be stored as they are
     */
    private record Row(String name, boolean files, Opener opener) {}

    @FunctionalInterface
    private interface Opener {
        /**
         * @param path of the source's own settings
         * @throws UserException when the source is not there or not whole
         */
        Source open(Settings settings, String path, long seed, JavaSparkContext spark) throws IOException;
    }

    private static final List<Row> ALL = List.of(
            new Row("generated", false, (settings, path, seed, spark) -> GeneratedSource.open(settings, path, seed)),
            new Row(
                    "cifar-100-binary",
                    false,
                    (settings, path, seed, spark) ->
                            CifarBinarySource.open(settings, path, spark.hadoopConfiguration())),
            new Row(
                    "image-folder",
                    true,
                    (settings, path, seed, spark) ->
                            ImageFolderSource.open(settings, path, spark.hadoopConfiguration())),
            new Row(
                    "tiny-imagenet-200",
                    true,
                    (settings, path, seed, spark) -> TinyImageNetSource.open(settings, spark.hadoopConfiguration())),
            new Row(
                    "imagenet-tars",
                    true,
                    (settings, path, seed, spark) -> ImageNetTarsSource.open(settings, path, spark)),
            new Row("webdataset", true, (settings, path, seed, spark) -> WebDatasetSource.open(settings, path, spark)),
            new Row("table", true, (settings, path, seed, spark) -> TableSource.open(settings, path, spark)));

    private Sources() {}

    /** @throws UserException when there is no such source, it is not there or not whole, or does not go with the other settings */
    public static Source open(Settings settings, long seed, JavaSparkContext spark) throws IOException {
        Row row = named(settings.prepare().source());
        if (settings.prepare().store() == Store.FILES && !row.files()) {
            throw new UserException("prepare.store = files cannot be had of prepare.source = " + row.name()
                    + ": it has no image files");
        }
        return row.opener().open(settings, "prepare." + row.name(), seed, spark);
    }

    private static Row named(String name) {
        List<String> names = ALL.stream().map(Row::name).toList();
        return ALL.stream()
                .filter(row -> row.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new UserException(String.format(
                        Locale.ROOT,
                        "prepare.source cannot be '%s'; there are %s%s",
                        name,
                        names.stream().collect(Collectors.joining(", ")),
                        Nearest.suggestion(name, names))));
    }
}
