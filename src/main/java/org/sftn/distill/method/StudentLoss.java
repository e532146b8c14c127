package org.sftn.distill.method;

import java.util.Map;
import org.sftn.distill.MethodLoss;
import org.sftn.nn.Tensor;

/**
 * What a formula that compares a student's values with a teacher's gives.
 *
 * @param gradient of the value with respect to the student's values, of their shape
 */
public record StudentLoss(double value, Tensor gradient) {
    /**
     * The term of this loss; takes the gradient's array.
     *
     * @param of the student's values
     */
    MethodLoss.Term term(double weight, String of) {
        float scale = (float) weight;
        float[] values = gradient.values();
        for (int i = 0; i < values.length; i++) {
            values[i] *= scale;
        }
        return new MethodLoss.Term(weight * value, Map.of(of, gradient));
    }
}
