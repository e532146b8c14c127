package org.sftn.data.source;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.Printable;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;

/**
 * The layout of Tiny-ImageNet-200: {@code train/CLASS/images/FILE}; {@code val/images/FILE}, whose classes stand in {@code
 * val/val_annotations.txt}. Its test split has no classes and is not used.
 */
final class TinyImageNetSource {
    private TinyImageNetSource() {}

    static Source open(Settings settings, Configuration hadoop) throws IOException {
        ImageForm form = ImageForm.of(settings.prepare());
        Path input = InputFolder.given(settings.prepare(), "the folder with train and val of Tiny-ImageNet", hadoop);
        Path train = new Path(input, "train");
        Path test = new Path(input, "val");
        ImageFolderSource.Listing training = new ImageFolderSource.Listing(train, Split.TRAIN, form, hadoop);
        ImageFolderSource.Listing testing = new ImageFolderSource.Listing(test, Split.TEST, form, hadoop);
        List<String> classes = training.classes();
        GroundTruth truth = GroundTruth.read(new Path(test, "val_annotations.txt"), classes, hadoop);
        training.addAll(classes);
        testing.addAll(new Path(test, "images"), path -> label(path, classes, truth, train));
        return ImageFolderSource.of(classes, training, testing, List.of(), form);
    }

    private static int label(String path, List<String> classes, GroundTruth truth, Path train) {
        String name = path.substring(path.lastIndexOf(Path.SEPARATOR_CHAR) + 1);
        int label = classes.indexOf(truth.of(name));
        if (label < 0) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "%s does not give %s one of the classes of %s: it says %s",
                    truth.path(),
                    Printable.of(name),
                    train,
                    truth.of(name)));
        }
        return label;
    }
}
