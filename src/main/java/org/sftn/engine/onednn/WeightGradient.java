package org.sftn.engine.onednn;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;

/** A way to compute the gradient of a convolution's weights. All give the same sums in another order. */
interface WeightGradient {
    /** The layout in which the gradient comes out, fp32. */
    dnnl_memory_desc layout();

    /**
     * @param source of the convolution
     * @param target the gradient of its target
     * @param into memory of {@link #layout}
     */
    void record(String name, Program program, Buffer source, Buffer target, Buffer into);

    /**
     * The fastest way known for a kernel: a fixed table, measured on AMX in bf16. Timing at run time would be unstable and change
     * results from run to run.
     */
    static WeightGradient fastest(Handles handles, ConvolutionKernel kernel) {
        boolean measured = kernel.type() == Type.BF16 && handles.library().hasAmx();
        if (!measured || kernel.groups() != 1) {
            return new ByConvolution(handles, kernel, false);
        }
        boolean unitStride = kernel.stride() == 1;
        // 1.1 to 1.5 times as fast from 64 x 64 channels on, slower below.
        if (kernel.kernel() == 1 && unitStride && kernel.padding() == 0 && kernel.in() * kernel.out() >= 64 * 64) {
            return new ByMatmul(handles, kernel);
        }
        boolean same3x3 = kernel.kernel() == 3 && unitStride && kernel.padding() == 1;
        // Rows of 8 pixels fill a quarter of a tile: 1.7 times as fast in pairs.
        if (same3x3 && kernel.width() <= 8 && kernel.batch() % 2 == 0) {
            return new ByPairs(handles, kernel);
        }
        // oneDNN's second implementation is 1.2 times as fast here.
        boolean second = same3x3 && kernel.width() == 32 && kernel.in() == 64 && kernel.out() == 64;
        return new ByConvolution(handles, kernel, second);
    }

    /** oneDNN's own primitive. */
    final class ByConvolution implements WeightGradient {
        private final dnnl_primitive_desc description;
        private final dnnl_memory_desc layout;

        /** @param second whether to take oneDNN's second implementation */
        ByConvolution(Handles handles, ConvolutionKernel kernel, boolean second) {
            description = kernel.backwardWeights(handles);
            if (second && !Handles.next(description)) {
                throw new IllegalStateException("oneDNN has one implementation only for " + kernel);
            }
            layout = handles.layout(description, dnnl.dnnl_query_diff_weights_md);
        }

        @Override
        public dnnl_memory_desc layout() {
            return layout;
        }

        @Override
        public void record(String name, Program program, Buffer source, Buffer target, Buffer into) {
            program.step(name + " weight gradient", description)
                    .with(dnnl.DNNL_ARG_SRC, source)
                    .with(dnnl.DNNL_ARG_DIFF_DST, target)
                    .with(dnnl.DNNL_ARG_DIFF_WEIGHTS, into, layout);
        }
    }

    /** A 1x1 convolution is one product of two matrices with a row a pixel. */
    final class ByMatmul implements WeightGradient {
        private final dnnl_memory_desc layout;
        private final dnnl_memory_desc left;
        private final dnnl_memory_desc right;
        private final dnnl_memory_desc product;
        private final dnnl_primitive_desc description;

        ByMatmul(Handles handles, ConvolutionKernel kernel) {
            long pixels = (long) kernel.batch() * kernel.height() * kernel.width();
            layout = kernel.canonical(handles);
            left = handles.layout(kernel.type(), dnnl.dnnl_ba, kernel.out(), pixels);
            right = handles.layout(kernel.type(), dnnl.dnnl_ab, pixels, kernel.in());
            product = handles.layout(Type.F32, dnnl.dnnl_ab, kernel.out(), kernel.in());
            description = handles.description(
                    "a product of matrices",
                    d -> dnnl.dnnl_matmul_primitive_desc_create(
                            d, handles.library().engine(), left, right, null, product, handles.attributes()));
        }

        @Override
        public dnnl_memory_desc layout() {
            return layout;
        }

        @Override
        public void record(String name, Program program, Buffer source, Buffer target, Buffer into) {
            program.step(name + " weight gradient", description)
                    .with(dnnl.DNNL_ARG_SRC, target, left)
                    .with(dnnl.DNNL_ARG_WEIGHTS, source, right)
                    .with(dnnl.DNNL_ARG_DST, into, product);
        }
    }

    /**
     * The images of a batch side by side, two and two, each with a column of zeros on its right: half the images with rows more than
     * twice as long. The zeros keep neighbours apart and add nothing.
     */
    final class ByPairs implements WeightGradient {
        private final Handles handles;
        private final ConvolutionKernel kernel;
        private final ByConvolution wide;
        private final dnnl_memory_desc wideSource;
        private final dnnl_memory_desc wideTarget;

        ByPairs(Handles handles, ConvolutionKernel kernel) {
            this.handles = handles;
            this.kernel = kernel;
            int width = 2 * (kernel.width() + 1);
            ConvolutionKernel pairs = new ConvolutionKernel(
                    kernel.type(),
                    kernel.batch() / 2,
                    kernel.in(),
                    kernel.height(),
                    width,
                    kernel.out(),
                    kernel.outHeight(),
                    width,
                    kernel.kernel(),
                    1,
                    kernel.padding(),
                    1);
            wide = new ByConvolution(handles, pairs, true);
            wideSource = pairs.source(handles);
            wideTarget = pairs.target(handles);
        }

        @Override
        public dnnl_memory_desc layout() {
            return wide.layout();
        }

        @Override
        public void record(String name, Program program, Buffer source, Buffer target, Buffer into) {
            wide.record(
                    name,
                    program,
                    paired(name, program, "source", source, wideSource, kernel.in()),
                    paired(name, program, "target", target, wideTarget, kernel.out()),
                    into);
        }

        private Buffer paired(
                String name, Program program, String role, Buffer images, dnnl_memory_desc wideLayout, int channels) {
            long pairs = kernel.batch() / 2;
            long height = kernel.height();
            long width = kernel.width();
            long row = 2 * (width + 1) * channels;
            long image = height * width * channels;
            long[] dimensions = {pairs, 2, height, width, channels};
            dnnl_memory_desc apart = handles.layout(
                    kernel.type(), dimensions, new long[] {2 * image, image, width * channels, channels, 1});
            dnnl_memory_desc together = handles.layout(
                    kernel.type(), dimensions, new long[] {height * row, (width + 1) * channels, row, channels, 1});
            Buffer pair = program.zeroed(role, wideLayout);
            program.reorder(name, images, apart, pair, together);
            return pair;
        }
    }
}
