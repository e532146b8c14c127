package org.sftn.train;

import java.util.Arrays;
import org.sftn.engine.GradientProgress;

/** Sums the gradients of the parts of an iteration's batch, in their order, in place of those of the last part. */
final class Accumulation {
    private final float[] gradients;
    private final int parts;
    /** Of the parts before; empty where there are none. */
    private final float[] sum;

    /** @param gradients that a backward pass overwrites */
    Accumulation(float[] gradients, int parts) {
        this.gradients = gradients;
        this.parts = parts;
        this.sum = new float[parts == 1 ? 0 : gradients.length];
    }

    int parts() {
        return parts;
    }

    boolean isLast(int part) {
        return part == parts - 1;
    }

    /** Of a part's backward pass: in the last one, sums are ready as its gradients become final. */
    GradientProgress progress(int part, GradientProgress sums) {
        if (!isLast(part)) {
            return values -> {};
        }
        if (parts == 1) {
            return sums;
        }
        int[] added = {0};
        return values -> {
            add(sum, gradients, added[0], values);
            added[0] = values;
            sums.ready(values);
        };
    }

    /** After a part. */
    void done(int part, boolean hadImages) {
        if (isLast(part)) {
            if (!hadImages) {
                Arrays.fill(gradients, 0);
                add(sum, gradients, 0, sum.length);
            }
            Arrays.fill(sum, 0);
        } else if (hadImages) {
            add(gradients, sum, 0, sum.length);
        }
    }

    private static void add(float[] more, float[] to, int from, int end) {
        for (int i = from; i < end; i++) {
            to[i] += more[i];
        }
    }
}
