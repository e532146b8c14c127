package org.sftn.shaded.breeze;

/** Stands for breeze.linalg.DenseMatrix in signatures of BigDL's tensors. */
public final class DenseMatrix {
    private DenseMatrix() {}
}
