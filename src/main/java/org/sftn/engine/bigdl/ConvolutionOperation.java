package org.sftn.engine.bigdl;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A convolution: {@code in x h x w} to {@code out x h' x w'}.
 *
 * @param bias null for none
 */
record ConvolutionOperation(
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
            kernel.apply(
                    input.data,
                    image * kernel.inputLength(),
                    weight.packed(),
                    output.data,
                    image * kernel.outputLength(),
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
            int x = image * kernel.inputLength();
            int y = image * kernel.outputLength();
            kernel.addWeightGradient(input.data, x, output.gradient, y, worker.kept, weight.keptAt(), worker.scratch);
            if (into.get(0) != Into.NOTHING) {
                kernel.applyAdjoint(
                        output.gradient, y, weight.packed(), input.gradient, x, into.get(0), worker.scratch);
            }
        }
    }
}
