package org.sftn.data;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.PrepareSettings;
import org.sftn.conf.UserException;
import org.sftn.data.ImageFolderSource.ImageFile;

/**
 * The layout of Tiny-ImageNet-200: {@code train/CLASS/images/FILE}; {@code val/images/FILE}, whose classes stand in {@code
 * val/val_annotations.txt}. Its test split has no classes and is not used.
 */
final class TinyImageNetSource {
    private TinyImageNetSource() {}

    static Source open(PrepareSettings settings, Configuration hadoop) throws IOException {
        ImageForm form = ImageForm.of(settings);
        Path input = Sources.input(settings, "the folder with train and val of Tiny-ImageNet");
        Path train = new Path(input, "train");
        Path test = new Path(input, "val");
        List<String> classes = ImageFolderSource.classes(train, hadoop);
        GroundTruth truth = GroundTruth.read(new Path(test, "val_annotations.txt"), classes, hadoop);
        List<ImageFile> tests = new ArrayList<>();
        for (ImageFile file : ImageFolderSource.list(test, new Path(test, "images"), 0, form, hadoop)) {
            String name = file.name().substring(file.name().lastIndexOf(Path.SEPARATOR_CHAR) + 1);
            int label = classes.indexOf(truth.of(name));
            if (label < 0) {
                throw new UserException("%s does not give %s one of the classes of %s: it says %s"
                        .formatted(truth.path(), name, train, truth.of(name)));
            }
            tests.add(new ImageFile(file.folder(), file.name(), label, file.length(), form));
        }
        tests.sort(Comparator.comparingInt(ImageFile::label).thenComparing(ImageFile::name));
        Map<Split, List<ImageFile>> files = new EnumMap<>(Split.class);
        files.put(Split.TRAIN, ImageFolderSource.list(train, classes, form, hadoop));
        files.put(Split.TEST, List.copyOf(tests));
        return new ImageFolderSource(classes, files, form);
    }
}
