package org.sftn.engine.onednn;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.jspecify.annotations.Nullable;

/**
 * The arithmetic of a convolution from a source to a target, both channels last. A transposed convolution is the same kernel the other
 * way: its input is the target, its output the source.
 *
 * @param type of source, target and the weights that are multiplied
 * @param in channels of the source
 * @param out channels of the target
 */
record ConvolutionKernel(
        Type type,
        int batch,
        int in,
        int height,
        int width,
        int out,
        int outHeight,
        int outWidth,
        int kernel,
        int stride,
        int padding,
        int groups) {

    static ConvolutionKernel of(Value source, Value target, int kernel, int stride, int padding, int groups) {
        return new ConvolutionKernel(
                source.type,
                source.batch,
                source.channels(),
                source.height(),
                source.width(),
                target.channels(),
                target.height(),
                target.width(),
                kernel,
                stride,
                padding,
                groups);
    }

    dnnl_memory_desc source(Handles handles) {
        return handles.layout(type, dnnl.dnnl_acdb, batch, in, height, width);
    }

    dnnl_memory_desc target(Handles handles) {
        return handles.layout(type, dnnl.dnnl_acdb, batch, out, outHeight, outWidth);
    }

    private long[] weightDimensions() {
        return groups == 1
                ? new long[] {out, in, kernel, kernel}
                : new long[] {groups, out / groups, in / groups, kernel, kernel};
    }

    /** Weights row by row, as they are saved. */
    dnnl_memory_desc canonical(Handles handles) {
        return handles.layout(Type.F32, groups == 1 ? dnnl.dnnl_abcd : dnnl.dnnl_abcde, weightDimensions());
    }

    private dnnl_memory_desc anyWeights(Handles handles, Type of) {
        return handles.layout(of, dnnl.dnnl_format_tag_any, weightDimensions());
    }

    /** @param bias one fp32 per target channel; null for none */
    dnnl_primitive_desc forward(
            Handles handles, int kind, @Nullable dnnl_memory_desc bias, dnnl_primitive_attr attributes) {
        return handles.description(
                "a convolution",
                d -> dnnl.dnnl_convolution_forward_primitive_desc_create(
                        d,
                        handles.library().engine(),
                        kind,
                        dnnl.dnnl_convolution_direct,
                        source(handles),
                        anyWeights(handles, type),
                        bias,
                        target(handles),
                        pair(stride),
                        pair(0),
                        pair(padding),
                        pair(padding),
                        attributes));
    }

    dnnl_primitive_desc backwardData(Handles handles) {
        boolean depthwise = groups == in && groups == out && groups > 1;
        if (depthwise && stride > 1 && type == Type.BF16) {
            // oneDNN's first choice takes 10 times as long or more as its implementation for depthwise convolutions.
            // That is the
            // next one, or the one after it: where the process has built the first before, oneDNN gives it twice.
            dnnl_primitive_desc description = firstBackwardData(handles);
            for (int i = 0; i < 2 && Handles.next(description); i++) {
                if (Handles.implementation(description).startsWith("jit_dw")) {
                    return description;
                }
            }
        }
        return firstBackwardData(handles);
    }

    private dnnl_primitive_desc firstBackwardData(Handles handles) {
        return handles.description(
                "a convolution's gradient of its source",
                d -> dnnl.dnnl_convolution_backward_data_primitive_desc_create(
                        d,
                        handles.library().engine(),
                        dnnl.dnnl_convolution_direct,
                        source(handles),
                        anyWeights(handles, type),
                        target(handles),
                        pair(stride),
                        pair(0),
                        pair(padding),
                        pair(padding),
                        forward(handles, dnnl.dnnl_forward_training, null, handles.attributes()),
                        handles.attributes()));
    }

    /** The gradient comes out in fp32, in the layout that suits it. */
    dnnl_primitive_desc backwardWeights(Handles handles) {
        return handles.description(
                "a convolution's gradient of its weights",
                d -> dnnl.dnnl_convolution_backward_weights_primitive_desc_create(
                        d,
                        handles.library().engine(),
                        dnnl.dnnl_convolution_direct,
                        source(handles),
                        anyWeights(handles, Type.F32),
                        null,
                        target(handles),
                        pair(stride),
                        pair(0),
                        pair(padding),
                        pair(padding),
                        forward(handles, dnnl.dnnl_forward_training, null, handles.attributes()),
                        handles.attributes()));
    }

    private static long[] pair(long value) {
        return new long[] {value, value};
    }
}
