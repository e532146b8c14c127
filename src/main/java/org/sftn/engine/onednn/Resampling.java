package org.sftn.engine.onednn;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.jspecify.annotations.Nullable;

/**
 * Repeats the pixels of a map (nearest neighbor); its gradient is the sum over the repetitions.
 *
 * @param target whose height and width are multiples of the source's
 */
record Resampling(dnnl_memory_desc source, dnnl_memory_desc target) {
    // Heights and widths say it.
    private static final float @Nullable [] NO_FACTORS = null;

    dnnl_primitive_desc forward(Handles handles) {
        return handles.description(
                "a resampling",
                d -> dnnl.dnnl_resampling_forward_primitive_desc_create(
                        d,
                        handles.library().engine(),
                        dnnl.dnnl_forward_training,
                        dnnl.dnnl_resampling_nearest,
                        NO_FACTORS,
                        source,
                        target,
                        handles.attributes()));
    }

    dnnl_primitive_desc backward(Handles handles) {
        return handles.description(
                "a resampling's gradient",
                d -> dnnl.dnnl_resampling_backward_primitive_desc_create(
                        d,
                        handles.library().engine(),
                        dnnl.dnnl_resampling_nearest,
                        NO_FACTORS,
                        source,
                        target,
                        forward(handles),
                        handles.attributes()));
    }
}
