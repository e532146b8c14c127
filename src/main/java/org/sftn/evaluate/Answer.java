package org.sftn.evaluate;

/**
 * What a model says of one image.
 *
 * @param index of the image in its split
 * @param pooled features; null for images whose features are not compared
 */
record Answer(long index, float[] logits, float[] pooled) {}
