package org.sftn.engine.bigdl;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A transposed convolution: the adjoint of the convolution that leads from its output to its input.
 *
 * @param kernel of that convolution
 * @param bias null for none
 */
record TransposedConvolutionOperation(
        Value input,
        Value output,
        ConvolutionKernel kernel,
        KernelWeight weight,
        @Nullable Bias bias) implements KernelOperation {
    @Override
    public void forward(Worker worker) {
        if (bias != null) {
            bias.fill(worker, output);
        }
        for (int image = worker.from; image < worker.to; image++) {
            kernel.applyAdjoint(
                    input.data,
                    image * kernel.outputLength(),
                    weight.packed(),
                    output.data,
                    image * kernel.inputLength(),
                    bias == null ? Into.OVERWRITE : Into.ADD,
                    worker.scratch);
        }
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        if (bias != null) {
            bias.addGradient(worker, output);
        }
        for (int image = worker.from; image < worker.to; image++) {
            int x = image * kernel.outputLength();
            int y = image * kernel.inputLength();
            kernel.addWeightGradient(output.gradient, y, input.data, x, worker.kept, weight.keptAt(), worker.scratch);
            if (into.get(0) != Into.NOTHING) {
                kernel.apply(output.gradient, y, weight.packed(), input.gradient, x, into.get(0), worker.scratch);
            }
        }
    }
}
