package org.sftn.shaded.mllib;

/** Stands for org.apache.spark.mllib.linalg.Matrix in signatures of BigDL's tensors. */
public interface Matrix {}
