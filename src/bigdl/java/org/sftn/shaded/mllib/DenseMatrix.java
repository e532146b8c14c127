package org.sftn.shaded.mllib;

/** Stands for org.apache.spark.mllib.linalg.DenseMatrix in signatures of BigDL's tensors. */
public final class DenseMatrix {
    private DenseMatrix() {}
}
