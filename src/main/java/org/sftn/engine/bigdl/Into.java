package org.sftn.engine.bigdl;

/** What a backward step does with the gradient of one of its inputs. */
enum Into {
    /** Nothing trained stands before this input. */
    NOTHING,
    OVERWRITE,
    /** Another consumer of the input has written its part. */
    ADD
}
