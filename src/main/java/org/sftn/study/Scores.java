package org.sftn.study;

/**
 * How well a model classifies the test images.
 *
 * @param top1 share of images, in [0, 1]
 * @param top5 likewise
 * @param loss mean cross-entropy
 * @param calibrationError expected calibration error, in [0, 1]
 */
public record Scores(double top1, double top5, double loss, double calibrationError) {}
