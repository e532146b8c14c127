package org.sftn.distill;

import org.sftn.nn.Tensor;

/**
 * What a formula makes of a student's value.
 *
 * @param gradient of the value with respect to the student's value, of its shape
 */
public record ValueAndGradient(double value, Tensor gradient) {}
