package org.sftn.engine.onednn;

import org.bytedeco.dnnl.global.dnnl;

/** Of what memory holds. */
enum Type {
    F32(dnnl.dnnl_f32),
    BF16(dnnl.dnnl_bf16);

    private final int code;

    Type(int code) {
        this.code = code;
    }

    /** oneDNN's number for it. */
    int code() {
        return code;
    }
}
