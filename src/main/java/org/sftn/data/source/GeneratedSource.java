package org.sftn.data.source;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.data.image.Preprocessing;

/** Drawn images, for trials without any data set: the labels go round, so that classes have equal shares. */
record GeneratedSource(GeneratedImages images, int classes, int trainImages, int testImages) implements Source {
    /** {@code prepare.generated}. */
    record GeneratedSettings(
            @AtLeast(2) int classes,
            @AtLeast(1) int trainImages,
            @AtLeast(1) int testImages) {}

    static GeneratedSource open(Settings settings, String path, long seed) {
        GeneratedSettings own = settings.bind(path, GeneratedSettings.class);
        int classes = own.classes();
        if (classes < 2 || classes > GeneratedImages.CLASSES) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "prepare.generated.classes must be 2 to %d, not %d",
                    GeneratedImages.CLASSES,
                    classes));
        }
        return new GeneratedSource(
                new GeneratedImages(settings.prepare().imageSize(), seed),
                classes,
                own.trainImages(),
                own.testImages());
    }

    @Override
    public List<String> classNames() {
        return IntStream.range(0, classes).mapToObj(GeneratedImages::className).toList();
    }

    @Override
    public int imageSize() {
        return images.size();
    }

    private int count(Split split) {
        return switch (split) {
            case TRAIN -> trainImages;
            case TEST -> testImages;
        };
    }

    @Override
    public List<Drawing> items(Split split) {
        return IntStream.range(0, count(split))
                .mapToObj(number -> new Drawing(images, split, number, number % classes))
                .toList();
    }

    @Override
    public long bytes(Split split) {
        return (long) count(split) * Preprocessing.CHANNELS * imageSize() * imageSize();
    }

    private record Drawing(GeneratedImages images, Split split, int number, int label) implements Item {
        @Override
        public String name() {
            return "generated-" + split.key() + "#" + number;
        }

        @Override
        public Candidate read(InputFiles files) {
            byte[] planes = images.planes(split, number, label);
            return Candidate.usable(name(), label, planes, planes);
        }
    }
}
