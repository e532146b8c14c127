package org.sftn.engine.bigdl;

/** What a backward step does with the gradient of one of its inputs. */
enum Into {
    /** Nothing trained stands before this input. */
    NOTHING,
    OVERWRITE,
    /** Another consumer of the input has written its part. */
    ADD;

    /** Does it with a part of the gradient. */
    void put(float[] from, int fromAt, float[] to, int toAt, int length) {
        if (this == OVERWRITE) {
            System.arraycopy(from, fromAt, to, toAt, length);
        } else if (this == ADD) {
            Loops.add(from, fromAt, to, toAt, length);
        }
    }
}
