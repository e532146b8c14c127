package org.sftn.data.source;

import java.io.IOException;
import java.util.Locale;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.sftn.conf.HadoopPath;
import org.sftn.conf.PrepareSettings;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.UserException;

/** Which class stands for which value of {@code prepare.source}. */
public final class Sources {
    private static final Set<PrepareSettings.Source> WITHOUT_FILES =
            Set.of(PrepareSettings.Source.GENERATED, PrepareSettings.Source.CIFAR_100_BINARY);

    private Sources() {}

    /** @throws UserException when the source is not there or not whole, or does not go with the other settings */
    public static Source open(PrepareSettings settings, long seed, JavaSparkContext spark) throws IOException {
        if (settings.store() == Store.FILES && WITHOUT_FILES.contains(settings.source())) {
            throw new UserException("prepare.store = files cannot be had of prepare.source = " + key(settings.source())
                    + ": it has no image files");
        }
        Configuration hadoop = spark.hadoopConfiguration();
        return switch (settings.source()) {
            case GENERATED -> GeneratedSource.open(settings, seed);
            case CIFAR_100_BINARY -> CifarBinarySource.open(settings, hadoop);
            case IMAGE_FOLDER -> ImageFolderSource.open(settings, hadoop);
            case TINY_IMAGENET_200 -> TinyImageNetSource.open(settings, hadoop);
            case IMAGENET_TARS -> ImageNetTarsSource.open(settings, spark);
            case TABLE -> TableSource.open(settings, spark);
            case WEBDATASET -> WebDatasetSource.open(settings, spark);
        };
    }

    /**
     * The folder to read.
     *
     * @param what it has to be
     */
    static Path input(PrepareSettings settings, String what, Configuration hadoop) {
        if (settings.input().isBlank()) {
            throw new UserException("there is nothing to prepare: prepare.input is empty, " + what);
        }
        return HadoopPath.asGiven("prepare.input", settings.input(), hadoop);
    }

    /** As in the configuration. */
    public static String key(PrepareSettings.Source source) {
        return source.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
