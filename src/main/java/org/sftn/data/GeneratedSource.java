package org.sftn.data;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.sftn.conf.PrepareSettings;
import org.sftn.conf.UserException;

/** Drawn images, for trials without any data set: the labels go round, so that classes have equal shares. */
record GeneratedSource(GeneratedImages images, int classes, int trainImages, int testImages) implements Source {
    private static final int IMAGES_A_TASK = 1000;

    static GeneratedSource open(PrepareSettings settings, long seed) {
        int classes = settings.generated().classes();
        if (classes < 2 || classes > GeneratedImages.CLASSES) {
            throw new UserException(
                    "prepare.generated.classes must be 2 to %d, not %d".formatted(GeneratedImages.CLASSES, classes));
        }
        return new GeneratedSource(
                new GeneratedImages(settings.imageSize(), seed),
                classes,
                settings.generated().trainImages(),
                settings.generated().testImages());
    }

    @Override
    public List<String> classNames() {
        return IntStream.range(0, classes).mapToObj(GeneratedImages::className).toList();
    }

    @Override
    public int imageSize() {
        return images.size();
    }

    @Override
    public int count(Split split) {
        return switch (split) {
            case TRAIN -> trainImages;
            case TEST -> testImages;
        };
    }

    @Override
    public JavaRDD<Candidate> read(JavaSparkContext spark, Split split) {
        GeneratedImages painter = images;
        int labels = classes;
        return Ranges.of(spark, count(split), IMAGES_A_TASK)
                .flatMap(range -> IntStream.range(range.first(), range.end())
                        .mapToObj(number -> candidate(painter, split, number, number % labels))
                        .iterator());
    }

    private static Candidate candidate(GeneratedImages painter, Split split, int number, int label) {
        byte[] planes = painter.planes(split, number, label);
        return Candidate.usable(number, "generated-" + split.key() + "#" + number, label, planes, planes);
    }
}
