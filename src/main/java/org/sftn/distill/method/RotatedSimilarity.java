package org.sftn.distill.method;

import org.sftn.distill.Views;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.Arithmetic.Matrix;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/**
 * Cosines of the vectors of rotated images with those of plain ones.
 *
 * @param cosines {@code 3 batch x batch}: a row for each rotated image, view after view, a column for each plain image
 * @param vectors of all views, the plain ones first
 */
record RotatedSimilarity(Tensor cosines, UnitVectors vectors, Arithmetic arithmetic) {
    /** @param vectors {@code 4 batch x features}, view after view */
    static RotatedSimilarity of(Tensor vectors, Arithmetic arithmetic) {
        UnitVectors unit = UnitVectors.of(vectors);
        int rotated = rotated(unit);
        int batch = unit.norms().length - rotated;
        int features = vectors.shape().dimension(1);
        Tensor cosines = Tensor.zeros(Shape.of(rotated, batch));
        Matrix all = Matrix.of(unit.rows(), features);
        arithmetic.split(
                rotated,
                (from, to) -> arithmetic.multiplyByTransposed(
                        to - from,
                        batch,
                        features,
                        1,
                        all.fromRow(batch + from),
                        all,
                        0,
                        Matrix.of(cosines.values(), batch).fromRow(from)));
        return new RotatedSimilarity(cosines, unit, arithmetic);
    }

    /** The plain image that each row is a view of. */
    int[] targets() {
        int[] targets = new int[cosines.batch()];
        for (int row = 0; row < targets.length; row++) {
            targets[row] = row % (cosines.batch() / 3);
        }
        return targets;
    }

    /**
     * @param gradient with respect to the cosines
     * @return with respect to the vectors
     */
    Tensor backward(Tensor gradient) {
        int rotated = rotated(vectors);
        int batch = vectors.norms().length - rotated;
        int features = vectors.rows().length / vectors.norms().length;
        Tensor result = Tensor.zeros(Shape.of(batch + rotated, features));
        Matrix all = Matrix.of(vectors.rows(), features);
        Matrix slopes = Matrix.of(gradient.values(), batch);
        Matrix into = Matrix.of(result.values(), features);
        arithmetic.multiplyTransposed(batch, features, rotated, 1, slopes, all.fromRow(batch), 0, into);
        arithmetic.multiply(rotated, features, batch, 1, slopes, all, 0, into.fromRow(batch));
        vectors.backward(result.values());
        return result;
    }

    private static int rotated(UnitVectors vectors) {
        return vectors.norms().length / Views.ROTATED.count() * (Views.ROTATED.count() - 1);
    }
}
