package org.sftn.nn;

import java.util.List;
import java.util.Locale;

/**
 * Batch normalization over batch and space (Ioffe and Szegedy 2015), with scale and shift. While training it uses the
 * batch's statistics and moves the running ones by {@code momentum}, the running variance unbiased, as PyTorch's
 * {@code nn.BatchNorm2d} and {@code nn.BatchNorm1d} do.
 *
 * @param epsilon added to the variance, above 0
 * @param momentum the weight of the new batch in the running statistics, in (0, 1]
 * @param role nothing that it computes depends on it
 */
public record BatchNorm(int channels, double epsilon, double momentum, Role role) implements Layer {
    /** The last part of a running variance's name. */
    public static final String RUNNING_VARIANCE = "running_var";

    /** What a batch-norm is for. */
    public enum Role {
        ORDINARY,
        /** The last layer of a residual block's path before the sum: with scale 0 the block passes its input on. */
        END_OF_RESIDUAL
    }

    public BatchNorm {
        if (channels < 1 || !(epsilon > 0) || !(momentum > 0 && momentum <= 1)) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "a batch-norm cannot have channels %d, epsilon %s, momentum %s",
                    channels,
                    epsilon,
                    momentum));
        }
    }

    /** PyTorch's defaults. */
    public BatchNorm(int channels) {
        this(channels, 1e-5, 0.1);
    }

    public BatchNorm(int channels, double epsilon, double momentum) {
        this(channels, epsilon, momentum, Role.ORDINARY);
    }

    /** The same at the end of a residual block's path. */
    public BatchNorm endingResidual() {
        return new BatchNorm(channels, epsilon, momentum, Role.END_OF_RESIDUAL);
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        return Layer.onlyMap("batch-norm", channels, inputs);
    }

    @Override
    public List<ParameterSpec> parameters() {
        return List.of(
                new ParameterSpec("weight", Shape.of(channels), new Initializer.Constant(1)),
                new ParameterSpec("bias", Shape.of(channels), new Initializer.Constant(0)));
    }

    @Override
    public List<ParameterSpec> statistics() {
        return List.of(
                new ParameterSpec("running_mean", Shape.of(channels), new Initializer.Constant(0)),
                new ParameterSpec(RUNNING_VARIANCE, Shape.of(channels), new Initializer.Constant(1)));
    }
}
