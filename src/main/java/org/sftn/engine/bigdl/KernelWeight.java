package org.sftn.engine.bigdl;

import java.util.List;

/**
 * The weight of a (transposed) convolution and its gradient.
 *
 * @param at where it begins among the parameters
 * @param packed the weight as of the last forward pass, in the kernel's layout
 * @param keptAt the place of the packed gradient in what a worker keeps
 */
record KernelWeight(ConvolutionKernel kernel, Parameters of, int at, float[] packed, int keptAt) {
    void pack(Worker worker) {
        kernel.pack(of.values(), at, packed, from(worker), to(worker));
    }

    void collect(Worker worker, List<Worker> all) {
        for (Worker each : all) {
            kernel.addUnpacked(each.kept, keptAt, of.gradients(), at, from(worker), to(worker));
        }
    }

    private int from(Worker worker) {
        return worker.share(kernel.outputs(), worker.index);
    }

    private int to(Worker worker) {
        return worker.share(kernel.outputs(), worker.index + 1);
    }
}
