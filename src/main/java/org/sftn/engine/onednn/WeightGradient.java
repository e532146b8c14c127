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
        boolean divides = kernel.width() == kernel.stride() * kernel.outWidth()
                && kernel.height() == kernel.stride() * kernel.outHeight();
        // 1.1 to 1.5 times as fast from 64 x 64 channels on, slower below; with a stride 2 to 5 times.
        if (kernel.kernel() == 1 && kernel.padding() == 0 && divides && kernel.in() * kernel.out() >= 64 * 64) {
            return new ByMatmul(handles, kernel);
        }
        boolean is3x3 = kernel.kernel() == 3 && kernel.padding() == 1;
        // Rows of 8 pixels fill a quarter of a tile: up to 1.7 times as fast in pairs.
        if (is3x3 && kernel.outWidth() <= 8 && divides && kernel.batch() % 2 == 0) {
            return new ByPairs(handles, kernel);
        }
        // oneDNN's second implementation is 1.2 times as fast here.
        boolean second =
                is3x3 && kernel.stride() == 1 && kernel.width() == 32 && kernel.in() == 64 && kernel.out() == 64;
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

    /** A 1x1 convolution is one product of two matrices with a row per pixel of the target. */
    final class ByMatmul implements WeightGradient {
        private final ConvolutionKernel kernel;
        private final dnnl_memory_desc layout;
        private final dnnl_memory_desc seen;
        private final dnnl_memory_desc dense;
        private final dnnl_memory_desc left;
        private final dnnl_memory_desc right;
        private final dnnl_memory_desc product;
        private final dnnl_primitive_desc description;

        ByMatmul(Handles handles, ConvolutionKernel kernel) {
            this.kernel = kernel;
            long pixels = (long) kernel.batch() * kernel.outHeight() * kernel.outWidth();
            layout = kernel.canonical(handles);
            long[] dimensions = {kernel.batch(), kernel.in(), kernel.outHeight(), kernel.outWidth()};
            long pixel = kernel.in();
            long row = kernel.width() * pixel;
            // What the strides reach.
            seen = handles.layout(kernel.type(), dimensions, new long[] {
                kernel.height() * row, 1, kernel.stride() * row, kernel.stride() * pixel
            });
            dense = handles.layout(kernel.type(), dnnl.dnnl_acdb, dimensions);
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
            Buffer reached = source;
            if (kernel.stride() > 1) {
                reached = program.value(dense);
                program.reorder(name, source, seen, reached, dense);
            }
            program.step(name + " weight gradient", description)
                    .with(dnnl.DNNL_ARG_SRC, target, left)
                    .with(dnnl.DNNL_ARG_WEIGHTS, reached, right)
                    .with(dnnl.DNNL_ARG_DST, into, product);
        }
    }

    /**
     * The images of a batch side by side, two and two: half the images with rows twice as long. Each has columns of zeros on its
     * right, as many as make one pixel of the target; they keep neighbors apart and add nothing.
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
            int width = 2 * (kernel.outWidth() + 1);
            ConvolutionKernel pairs = new ConvolutionKernel(
                    kernel.type(),
                    kernel.batch() / 2,
                    kernel.in(),
                    kernel.height(),
                    kernel.stride() * width,
                    kernel.out(),
                    kernel.outHeight(),
                    width,
                    kernel.kernel(),
                    kernel.stride(),
                    kernel.padding(),
                    1);
            wide = new ByConvolution(handles, pairs, kernel.stride() == 1);
            wideSource = pairs.source(handles);
            wideTarget = pairs.target(handles);
        }

        @Override
        public dnnl_memory_desc layout() {
            return wide.layout();
        }

        @Override
        public void record(String name, Program program, Buffer source, Buffer target, Buffer into) {
            Buffer sources = program.zeroed("source", wideSource);
            Buffer targets = program.zeroed("target", wideTarget);
            pair(name, program, source, sources, kernel.in(), kernel.height(), kernel.width(), kernel.stride());
            pair(name, program, target, targets, kernel.out(), kernel.outHeight(), kernel.outWidth(), 1);
            wide.record(name, program, sources, targets, into);
        }

        private void pair(
                String name,
                Program program,
                Buffer images,
                Buffer pairs,
                long channels,
                long height,
                long width,
                long gap) {
            long apart = (width + gap) * channels;
            long row = 2 * apart;
            long image = height * width * channels;
            long[] dimensions = {kernel.batch() / 2, 2, height, width, channels};
            program.reorder(
                    name,
                    images,
                    handles.layout(
                            kernel.type(), dimensions, new long[] {2 * image, image, width * channels, channels, 1}),
                    pairs,
                    handles.layout(kernel.type(), dimensions, new long[] {height * row, apart, row, channels, 1}));
        }
    }
}
