package org.sftn.zoo;

import static org.sftn.zoo.Architecture.FEATURES;

import java.util.List;
import org.sftn.nn.Flatten;
import org.sftn.nn.Linear;
import org.sftn.nn.MaxPool;
import org.sftn.nn.Network;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;

/**
 * VGG with batch-norm for ImageNet (Simonyan and Zisserman 2015, arXiv 1409.1556, table 1, D) as torchvision builds it
 * (github.com/pytorch/vision, torchvision/models/vgg.py), except for the dropout behind its first two linear layers. Stem and stages are
 * those of {@link Vgg}; max pooling opens each stage, and the head, whose three linear layers {@code fc1}, {@code fc2} and {@code fc}
 * take the last map, flattened. {@link Taps#POOLED} is what {@code fc} takes.
 *
 * <p>torchvision averages or repeats the last map to 7x7 first, which changes nothing for images of 224 to 255 pixels a side. Here
 * {@code fc1} takes the last map as it is, so that for images of other sizes it has other numbers of inputs.
 */
final class ImageNetVgg {
    /** Leaves the head a map of at least 1x1. */
    private static final int SMALLEST_IMAGE = 32;

    private static final List<Integer> CONVOLUTIONS_OF_16 = List.of(2, 2, 3, 3, 3);

    private static final Renaming REFERENCE_OF_16 = Renaming.NONE
            .with("(conv|bn)(\\d)", match -> reference(0, match.group(1), Renaming.number(match, 2)))
            .with(
                    "stage(\\d)\\.(conv|bn)(\\d)",
                    match -> reference(Renaming.number(match, 1), match.group(2), Renaming.number(match, 3)))
            .with("fc1", "classifier.0")
            .with("fc2", "classifier.3")
            .with("fc", "classifier.6");

    private ImageNetVgg() {}

    /** VGG-16, of 138,365,992 parameters for images of 224x224 and 1000 classes. */
    static Architecture vgg16(String name, Shape image, int classes) {
        return vgg16(name, image, classes, List.of(64, 128, 256, 512, 512), 4096);
    }

    /**
     * The same of any widths.
     *
     * @param widths of the stem and each stage
     * @param hidden of {@code fc1} and {@code fc2}
     */
    static Architecture vgg16(String name, Shape image, int classes, List<Integer> widths, int hidden) {
        Parts.requireFit(name, image, "five times", SMALLEST_IMAGE);
        return Parts.architecture(
                name,
                image,
                classes,
                Vgg.stem(image, widths.get(0), CONVOLUTIONS_OF_16.get(0)),
                widths.size() - 1,
                (stage, input) -> Vgg.stage(stage, input, widths.get(stage), CONVOLUTIONS_OF_16.get(stage), true),
                input -> head(input, hidden, classes),
                REFERENCE_OF_16);
    }

    /** torchvision counts all layers of stem and stages, each with the max pooling behind it. */
    private static String reference(int stage, String kind, int number) {
        int before = CONVOLUTIONS_OF_16.subList(0, stage).stream()
                .mapToInt(count -> 3 * count + 1)
                .sum();
        return "features." + (before + Renaming.place(kind, number));
    }

    private static Network head(Shape input, int hidden, int classes) {
        Network.Builder b = Network.builder();
        String map = b.add("maxpool", new MaxPool(2, 2, 0), b.input(FEATURES, input));
        String x = b.add("flatten", new Flatten(), map);
        x = b.add("fc1", new Linear(b.shape(x).elements(), hidden), x);
        x = b.add("fc1_relu", new Relu(), x);
        x = b.add("fc2", new Linear(hidden, hidden), x);
        x = b.add("fc2_relu", new Relu(), x);
        return b.tap(Taps.LAST_MAP, map)
                .tap(Taps.POOLED, x)
                .tap(Taps.LOGITS, b.add("fc", new Linear(hidden, classes), x))
                .build();
    }
}
