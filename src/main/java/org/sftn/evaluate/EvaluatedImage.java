package org.sftn.evaluate;

import org.jspecify.annotations.Nullable;

/**
 * What a model says of one image, to be compared with another model's.
 *
 * @param pooled features; null for images whose features are not compared
 */
record EvaluatedImage(Prediction prediction, float[] logits, float @Nullable [] pooled) {}
