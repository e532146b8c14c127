package org.sftn.shaded.breeze;

/** Stands for breeze.linalg.DenseVector in signatures of BigDL's tensors. */
public final class DenseVector {
    private DenseVector() {}
}
