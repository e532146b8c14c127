package org.sftn.study;

/**
 * A student at the end of an epoch that was evaluated.
 *
 * @param epoch from 1
 * @param seconds of training so far
 * @param trainLoss mean of the epoch's whole loss
 * @param testTop1 share of test images, in [0, 1]
 */
public record CurvePoint(int epoch, double seconds, double trainLoss, double testTop1) {}
