package org.sftn.engine.bigdl;

/** Where the values of a batch-norm begin, each of as many as it has channels. */
record BatchNormPlaces(Parameters of, int weight, int bias, int runningMean, int runningVariance) {}
