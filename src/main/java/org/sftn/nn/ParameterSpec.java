package org.sftn.nn;

/**
 * A named array that belongs to a network: a trained parameter, or a batch-norm statistic.
 *
 * @param name in a network the full name such as {@code stage2.block0.conv1.weight}; in a layer the last part
 * @param shape in PyTorch's order, for example {@code out x in/groups x kernel x kernel} for a convolution
 * @param initializer its value before training
 */
public record ParameterSpec(String name, Shape shape, Initializer initializer) {
    public ParameterSpec under(String prefix) {
        return new ParameterSpec(prefix + "." + name, shape, initializer);
    }
}
