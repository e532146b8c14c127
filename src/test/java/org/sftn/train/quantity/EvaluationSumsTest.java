package org.sftn.train.quantity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.sftn.data.Batch;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

class EvaluationSumsTest {
    @Test
    void countsWhatStandsBeforeTheLabel() {
        float[] logits = {
            9, 1, 2, 3, 4, 5, 6, //
            0, 1, 2, 3, 4, 5, 6, //
            0, 1, 2, 3, 4, 5, 6, //
            1, 1, 1, 1, 1, 1, 1,
        };
        EvaluationSums found = evaluation(batch(0, 2, 1, 0), new Tensor(Shape.of(4, 7), logits));
        assertThat(found.images()).isEqualTo(4);
        // The label is largest; fifth; sixth; first of equals.
        assertThat(found.top1()).isEqualTo(2);
        assertThat(found.top5()).isEqualTo(3);
    }

    @Test
    void ofEqualLogitsOneClassIsRight() {
        float[] logits = new float[3 * 3];
        assertThat(evaluation(batch(0, 1, 2), new Tensor(Shape.of(3, 3), logits))
                        .top1())
                .isEqualTo(1);
    }

    @Test
    void notANumberIsNeverRight() {
        float[] logits = {Float.NaN, Float.NaN};
        assertThat(evaluation(batch(0), new Tensor(Shape.of(1, 2), logits)).top1())
                .isZero();
    }

    // log(1 + 1/e) for the first image, log 2 for the second.
    @Test
    void crossEntropyBearsLargeLogits() {
        float[] logits = {1000, 999, -1000, -1000};
        EvaluationSums found = evaluation(batch(0, 1), new Tensor(Shape.of(2, 2), logits));
        assertThat(found.crossEntropy()).isCloseTo(0.313261687518 + 0.693147180560, within(1e-9));
        assertThat(found.meanCrossEntropy()).isCloseTo(found.crossEntropy() / 2, within(1e-15));
    }

    private static EvaluationSums evaluation(Batch batch, Tensor logits) {
        EvaluationSums found = EvaluationSums.of(batch, logits);
        assertThat(EvaluationSums.top1(batch, logits)).isEqualTo(found.top1());
        return found;
    }

    private static Batch batch(int... labels) {
        return new Batch(Tensor.zeros(Shape.of(labels.length, 1, 1, 1)), labels, new long[labels.length]);
    }
}
