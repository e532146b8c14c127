package org.sftn.engine.onednn;

import java.util.Optional;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.global.dnnl;
import org.sftn.nn.Layer;
import org.sftn.nn.LeakyRelu;
import org.sftn.nn.Relu;
import org.sftn.nn.Relu6;
import org.sftn.nn.Sigmoid;

/**
 * A function of each value.
 *
 * @param algorithm oneDNN's number for it
 * @param backward likewise, for a gradient by what comes out, so that what goes in need not be kept
 * @param alpha as oneDNN describes it for the algorithm
 * @param beta likewise
 */
record Activation(String name, int algorithm, int backward, float alpha, float beta) {
    static final Activation RELU =
            new Activation("relu", dnnl.dnnl_eltwise_relu, dnnl.dnnl_eltwise_relu_use_dst_for_bwd, 0, 0);

    /** Empty for other layers. */
    static Optional<Activation> of(Layer layer) {
        if (layer instanceof Relu) {
            return Optional.of(RELU);
        }
        if (layer instanceof Relu6) {
            return Optional.of(new Activation(
                    "relu6", dnnl.dnnl_eltwise_clip_v2, dnnl.dnnl_eltwise_clip_v2_use_dst_for_bwd, 0, 6));
        }
        if (layer instanceof LeakyRelu leaky) {
            return Optional.of(new Activation(
                    "leaky relu",
                    dnnl.dnnl_eltwise_relu,
                    dnnl.dnnl_eltwise_relu_use_dst_for_bwd,
                    (float) leaky.slope(),
                    0));
        }
        if (layer instanceof Sigmoid) {
            return Optional.of(new Activation(
                    "sigmoid", dnnl.dnnl_eltwise_logistic, dnnl.dnnl_eltwise_logistic_use_dst_for_bwd, 0, 0));
        }
        return Optional.empty();
    }

    /** Makes it the next of the operations on what a primitive has computed. */
    void append(dnnl_post_ops after) {
        Library.check("describe a primitive", dnnl.dnnl_post_ops_append_eltwise(after, algorithm, alpha, beta));
    }
}
