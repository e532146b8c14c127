package org.sftn.train.loss;

import java.util.Map;
import org.sftn.nn.Tensor;

/**
 * A step's loss over the local batch.
 *
 * @param total what is minimized, without weight decay
 * @param terms weighted parts of the total by name, in the order in which they are reported
 * @param gradients of the total with respect to taps of the trained network
 */
public record Loss(double total, Map<String, Double> terms, Map<String, Tensor> gradients) {}
