package org.sftn.data;

import java.io.IOException;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.sftn.conf.PrepareSettings;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.UserException;

/** Which class stands for which value of {@code prepare.source}. */
final class Sources {
    private Sources() {}

    /** @throws UserException when the source is not there or not whole, or does not go with the other settings */
    static Source open(PrepareSettings settings, long seed, Configuration hadoop) throws IOException {
        if (settings.store() == Store.FILES && settings.source() != PrepareSettings.Source.IMAGE_FOLDER) {
            throw new UserException("prepare.store = files needs prepare.source = image-folder: "
                    + key(settings.source()) + " has no image files");
        }
        return switch (settings.source()) {
            case GENERATED -> GeneratedSource.open(settings, seed);
            case CIFAR_100_BINARY -> CifarBinarySource.open(settings, hadoop);
            case IMAGE_FOLDER -> ImageFolderSource.open(settings, hadoop);
        };
    }

    /** As in the configuration. */
    static String key(PrepareSettings.Source source) {
        return source.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
