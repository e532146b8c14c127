package org.sftn.shaded.mllib;

/** Stands for org.apache.spark.mllib.linalg.Vector in signatures of BigDL's tensors. */
public interface Vector {}
