package org.sftn.shaded.mllib;

/** Stands for org.apache.spark.mllib.linalg.DenseVector in signatures of BigDL's tensors. */
public final class DenseVector {
    private DenseVector() {}
}
