package org.sftn.engine.bigdl;

import java.util.Arrays;
import org.sftn.engine.mkl.Blas;
import org.sftn.nn.Shape;

/**
 * The linear map of a convolution, its adjoint, and the gradient of its weight, one image at a time, as matrix products.
 *
 * <p>An image is unrolled over the columns of the kernel only: row {@code (channel, kx)} holds the lines of the padded image
 * that the kernel reads, each shifted by kx and thinned by the stride. Lines are sorted by their remainder modulo the stride,
 * so the lines that kernel row ky meets stand together, and each ky is one matrix product on a window of the unrolled image. That
 * takes a third of the memory traffic of im2col for a 3x3 kernel, and fits the second-level cache.
 */
final class ConvolutionKernel {
    private final int in;
    private final int height;
    private final int width;
    private final int out;
    private final int outHeight;
    private final int outWidth;
    private final int kernel;
    private final int stride;
    private final int padding;
    private final int groups;
    /** Of one group. */
    private final int groupIn;

    private final int groupOut;
    /** Rows of the unrolled image: channels of a group times columns of the kernel. */
    private final int rows;
    /** For each remainder modulo the stride, its first line and the number of its lines. */
    private final int[] firstLine;

    private final int[] lineCount;
    /** Values in a row of the unrolled image. */
    private final int rowLength;
    /** Whether unrolling changes nothing. */
    private final boolean plain;
    /** Whether lines of input and output are equally long, so that a channel shifts as a whole. */
    private final boolean whole;

    ConvolutionKernel(Shape input, Shape output, int kernel, int stride, int padding, int groups) {
        this.in = input.channels();
        this.height = input.height();
        this.width = input.width();
        this.out = output.channels();
        this.outHeight = output.height();
        this.outWidth = output.width();
        this.kernel = kernel;
        this.stride = stride;
        this.padding = padding;
        this.groups = groups;
        groupIn = in / groups;
        groupOut = out / groups;
        rows = groupIn * kernel;
        int remainders = Math.min(kernel, stride);
        firstLine = new int[remainders];
        lineCount = new int[remainders];
        int lines = 0;
        for (int remainder = 0; remainder < remainders; remainder++) {
            firstLine[remainder] = lines;
            lineCount[remainder] = (kernel - 1 - remainder) / stride + outHeight;
            lines += lineCount[remainder];
        }
        rowLength = lines * outWidth;
        plain = kernel == 1 && stride == 1 && padding == 0;
        whole = stride == 1 && outWidth == width && padding < width;
    }

    /** Values of scratch memory that each method needs. */
    int scratch() {
        return plain ? 0 : Math.multiplyExact(rows, rowLength);
    }

    int weights() {
        return out * groupIn * kernel * kernel;
    }

    int outputs() {
        return out;
    }

    int inputLength() {
        return in * height * width;
    }

    int outputLength() {
        return out * outHeight * outWidth;
    }

    /** Where the packed weight of output channel o and kernel row ky begins: {@code groupIn x kernel} values. */
    private int packed(int o, int ky) {
        return ((o / groupOut * kernel + ky) * groupOut + o % groupOut) * rows;
    }

    /** From {@code out x in/groups x ky x kx} to {@code group x ky x out x (in, kx)}, for some output channels. */
    void pack(float[] weight, int weightAt, float[] packed, int fromOut, int toOut) {
        int next = weightAt + fromOut * rows * kernel;
        for (int o = fromOut; o < toOut; o++) {
            for (int c = 0; c < groupIn; c++) {
                for (int ky = 0; ky < kernel; ky++, next += kernel) {
                    System.arraycopy(weight, next, packed, packed(o, ky) + c * kernel, kernel);
                }
            }
        }
    }

    /** Adds a packed gradient to one in the weight's own layout, for some output channels. */
    void addUnpacked(float[] packed, int packedAt, float[] gradient, int gradientAt, int fromOut, int toOut) {
        int next = gradientAt + fromOut * rows * kernel;
        for (int o = fromOut; o < toOut; o++) {
            for (int c = 0; c < groupIn; c++) {
                for (int ky = 0; ky < kernel; ky++) {
                    int at = packedAt + packed(o, ky) + c * kernel;
                    for (int kx = 0; kx < kernel; kx++) {
                        gradient[next++] += packed[at + kx];
                    }
                }
            }
        }
    }

    /** {@code y = convolution(x)}, or {@code y += } that. */
    void apply(float[] x, int xAt, float[] packed, float[] y, int yAt, Into into, float[] scratch) {
        int area = outHeight * outWidth;
        for (int group = 0; group < groups; group++) {
            int from = xAt + group * groupIn * height * width;
            float[] unrolled = plain ? x : scratch;
            if (!plain) {
                unroll(x, from, scratch);
            }
            for (int ky = 0; ky < kernel; ky++) {
                Blas.multiply(
                        groupOut,
                        area,
                        rows,
                        packed,
                        packed(group * groupOut, ky),
                        rows,
                        unrolled,
                        (plain ? from : 0) + window(ky),
                        rowLength,
                        ky == 0 && into == Into.OVERWRITE ? 0 : 1,
                        y,
                        yAt + group * groupOut * area,
                        area);
            }
        }
    }

    /** {@code x = adjoint(y)}, or {@code x += } that: from the gradient of the output to the gradient of the input. */
    void applyAdjoint(float[] y, int yAt, float[] packed, float[] x, int xAt, Into into, float[] scratch) {
        int area = outHeight * outWidth;
        for (int group = 0; group < groups; group++) {
            int to = xAt + group * groupIn * height * width;
            if (!plain) {
                clearLaterLines(scratch);
            }
            for (int ky = 0; ky < kernel; ky++) {
                boolean first = plain ? into == Into.OVERWRITE : ky < stride;
                Blas.multiplyTransposed(
                        rows,
                        area,
                        groupOut,
                        packed,
                        packed(group * groupOut, ky),
                        rows,
                        y,
                        yAt + group * groupOut * area,
                        area,
                        first ? 0 : 1,
                        plain ? x : scratch,
                        (plain ? to : 0) + window(ky),
                        rowLength);
            }
            if (!plain) {
                fold(scratch, x, to, into);
            }
        }
    }

    /** Adds one image's gradient of the weight, packed. */
    void addWeightGradient(
            float[] x, int xAt, float[] outputGradient, int gradientAt, float[] packed, int packedAt, float[] scratch) {
        int area = outHeight * outWidth;
        for (int group = 0; group < groups; group++) {
            int from = xAt + group * groupIn * height * width;
            float[] unrolled = plain ? x : scratch;
            if (!plain) {
                unroll(x, from, scratch);
            }
            for (int ky = 0; ky < kernel; ky++) {
                Blas.multiplyByTransposed(
                        groupOut,
                        rows,
                        area,
                        outputGradient,
                        gradientAt + group * groupOut * area,
                        area,
                        unrolled,
                        (plain ? from : 0) + window(ky),
                        rowLength,
                        1,
                        packed,
                        packedAt + packed(group * groupOut, ky),
                        rows);
            }
        }
    }

    /** Where the lines of kernel row ky begin in a row of the unrolled image. */
    private int window(int ky) {
        return (firstLine[ky % stride] + ky / stride) * outWidth;
    }

    /** The first output column whose input column for kx is not left of the image. */
    private int firstColumn(int kx) {
        return Math.min(outWidth, Math.max(0, (padding - kx + stride - 1) / stride));
    }

    /** Behind the last output column whose input column for kx is not right of the image. */
    private int endColumn(int kx) {
        return Math.min(outWidth, Math.max(firstColumn(kx), (width - 1 + padding - kx + stride) / stride));
    }

    /** Clears the lines that the first kernel row of each remainder does not write. */
    private void clearLaterLines(float[] unrolled) {
        for (int row = 0; row < rows; row++) {
            for (int remainder = 0; remainder < lineCount.length; remainder++) {
                int from = row * rowLength + (firstLine[remainder] + outHeight) * outWidth;
                int to = row * rowLength + (firstLine[remainder] + lineCount[remainder]) * outWidth;
                Arrays.fill(unrolled, from, to, 0);
            }
        }
    }

    private void unroll(float[] x, int xAt, float[] unrolled) {
        for (int row = 0; row < rows; row++) {
            int channel = xAt + row / kernel * height * width;
            int kx = row % kernel;
            if (whole) {
                shift(x, channel, unrolled, row * rowLength, kx);
            } else {
                gather(x, channel, unrolled, row * rowLength, kx);
            }
        }
    }

    /** Lines run into each other by the shift; clearing the columns beyond the image's edge mends it. */
    private void shift(float[] x, int channel, float[] unrolled, int row, int kx) {
        int image = row + padding * width;
        int right = Math.max(0, padding - kx);
        int left = Math.max(0, kx - padding);
        Arrays.fill(unrolled, row, image, 0);
        System.arraycopy(x, channel + left, unrolled, image + right, height * width - left - right);
        clearEdges(unrolled, image, kx);
        Arrays.fill(unrolled, image + height * width, row + rowLength, 0);
    }

    private void clearEdges(float[] unrolled, int image, int kx) {
        int first = firstColumn(kx);
        int end = endColumn(kx);
        for (int line = image; line < image + height * width; line += width) {
            for (int column = 0; column < first; column++) {
                unrolled[line + column] = 0;
            }
            for (int column = end; column < width; column++) {
                unrolled[line + column] = 0;
            }
        }
    }

    private void gather(float[] x, int channel, float[] unrolled, int row, int kx) {
        int first = firstColumn(kx);
        int end = endColumn(kx);
        int next = row;
        for (int remainder = 0; remainder < lineCount.length; remainder++) {
            for (int q = 0; q < lineCount[remainder]; q++, next += outWidth) {
                int line = remainder + stride * q - padding;
                if (line < 0 || line >= height) {
                    Arrays.fill(unrolled, next, next + outWidth, 0);
                    continue;
                }
                int source = channel + line * width + kx - padding;
                Arrays.fill(unrolled, next, next + first, 0);
                for (int column = first; column < end; column++) {
                    unrolled[next + column] = x[source + column * stride];
                }
                Arrays.fill(unrolled, next + end, next + outWidth, 0);
            }
        }
    }

    /** The adjoint of {@link #unroll}; spoils the unrolled image. */
    private void fold(float[] unrolled, float[] x, int xAt, Into into) {
        if (into == Into.OVERWRITE) {
            Arrays.fill(x, xAt, xAt + groupIn * height * width, 0);
        }
        for (int row = 0; row < rows; row++) {
            int channel = xAt + row / kernel * height * width;
            int kx = row % kernel;
            if (whole) {
                shiftBack(unrolled, row * rowLength, x, channel, kx);
            } else {
                scatter(unrolled, row * rowLength, x, channel, kx);
            }
        }
    }

    private void shiftBack(float[] unrolled, int row, float[] x, int channel, int kx) {
        int image = row + padding * width;
        int right = Math.max(0, padding - kx);
        int left = Math.max(0, kx - padding);
        clearEdges(unrolled, image, kx);
        Loops.add(unrolled, image + right, x, channel + left, height * width - left - right);
    }

    private void scatter(float[] unrolled, int row, float[] x, int channel, int kx) {
        int first = firstColumn(kx);
        int end = endColumn(kx);
        int next = row;
        for (int remainder = 0; remainder < lineCount.length; remainder++) {
            for (int q = 0; q < lineCount[remainder]; q++, next += outWidth) {
                int line = remainder + stride * q - padding;
                if (line < 0 || line >= height) {
                    continue;
                }
                int target = channel + line * width + kx - padding;
                for (int column = first; column < end; column++) {
                    x[target + column * stride] += unrolled[next + column];
                }
            }
        }
    }
}
