package org.sftn.engine.onednn;

import java.util.Map;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Tensor;

/** Batch-norm with running statistics: {@code scale x + shift} by channel. */
record InferenceBatchNorm(BatchNorm layer, String owner) {
    float[] scale(Map<String, Tensor> values) {
        float[] weight = values.get(owner + ".weight").values();
        float[] variance = values.get(owner + ".running_var").values();
        float[] scale = new float[weight.length];
        for (int c = 0; c < scale.length; c++) {
            scale[c] = (float) (weight[c] / Math.sqrt(variance[c] + layer.epsilon()));
        }
        return scale;
    }

    float[] shift(Map<String, Tensor> values) {
        float[] bias = values.get(owner + ".bias").values();
        float[] mean = values.get(owner + ".running_mean").values();
        float[] scale = scale(values);
        float[] shift = new float[bias.length];
        for (int c = 0; c < shift.length; c++) {
            shift[c] = bias[c] - mean[c] * scale[c];
        }
        return shift;
    }
}
