package org.sftn.evaluate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/**
 * How alike a student is to its teacher on the images of a split.
 *
 * @param kl mean KL(teacher||student) of their outputs at temperature 1, in nats
 * @param cka linear CKA ({@link LinearCka}) of their pooled features, of the first {@link #FEATURES} images; in [0, 1]
 * @param agreement share of images for which both predict the same class, in [0, 1]
 */
public record Similarity(double kl, double cka, double agreement) {
    /** Images whose features are compared: every pair of them is. */
    public static final int FEATURES = 2048;

    /** @param images of a split, in any order */
    public static Similarity of(List<ComparedImage> images) {
        // In the order of the images, so that the sums do not depend on the number of partitions.
        List<ComparedImage> ordered = images.stream()
                .sorted(Comparator.comparingLong(image -> image.prediction().index()))
                .toList();
        double kl = 0;
        long agreeing = 0;
        List<float[]> student = new ArrayList<>();
        List<float[]> teacher = new ArrayList<>();
        for (ComparedImage image : ordered) {
            kl += image.kl();
            agreeing += image.sameClass() ? 1 : 0;
            if (image.student() != null) {
                student.add(image.student());
                teacher.add(image.teacher());
            }
        }
        return new Similarity(
                kl / ordered.size(),
                LinearCka.of(matrix(student), matrix(teacher)),
                agreeing / (double) ordered.size());
    }

    private static Tensor matrix(List<float[]> rows) {
        int features = rows.get(0).length;
        float[] all = new float[rows.size() * features];
        for (int row = 0; row < rows.size(); row++) {
            System.arraycopy(rows.get(row), 0, all, row * features, features);
        }
        return new Tensor(Shape.of(rows.size(), features), all);
    }
}
