package org.sftn.nn;

import java.util.List;

/** The sum of two or more inputs of one shape; in PyTorch {@code a + b}. */
public record Add() implements Layer {
    @Override
    public Shape outputShape(List<Shape> inputs) {
        if (inputs.size() < 2) {
            throw new IllegalArgumentException("add takes two or more inputs, not " + inputs.size());
        }
        for (Shape input : inputs) {
            if (!input.equals(inputs.get(0))) {
                throw new IllegalArgumentException("add of " + inputs.get(0) + " and " + input);
            }
        }
        return inputs.get(0);
    }
}
