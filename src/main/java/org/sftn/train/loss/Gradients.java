package org.sftn.train.loss;

import java.util.LinkedHashMap;
import java.util.Map;
import org.sftn.nn.Tensor;

/** Sums of weighted gradients by tap. */
public final class Gradients {
    private final Map<String, Tensor> sums = new LinkedHashMap<>();

    /** Adds {@code weight * gradient}; the gradient is not changed. */
    public void add(String tap, double weight, Tensor gradient) {
        Tensor sum = sums.computeIfAbsent(tap, t -> Tensor.zeros(gradient.shape()));
        if (!sum.shape().equals(gradient.shape())) {
            throw new IllegalArgumentException(
                    "tap '" + tap + "' has gradients of " + sum.shape() + " and " + gradient.shape());
        }
        add((float) weight, gradient.values(), sum.values());
    }

    /** Adds a gradient that is given away: it may be the sum from now on. */
    public void give(String tap, Tensor gradient) {
        if (sums.putIfAbsent(tap, gradient) != null) {
            add(tap, 1, gradient);
        }
    }

    // In single precision, which the compiler makes vectors of: feature maps have a million values.
    private static void add(float weight, float[] values, float[] sum) {
        for (int i = 0; i < values.length; i++) {
            sum[i] += weight * values[i];
        }
    }

    public Map<String, Tensor> byTap() {
        return sums;
    }
}
