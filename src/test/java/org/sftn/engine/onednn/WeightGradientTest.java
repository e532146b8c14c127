package org.sftn.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Map;
import java.util.function.BiFunction;
import org.bytedeco.dnnl.global.dnnl;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.engine.Reproducible;
import org.sftn.nn.Shape;

/** All ways to the gradient of a convolution's weights give what oneDNN's own primitive gives. */
class WeightGradientTest {
    /** Of the difference to the norm: fp32 sums of some thousand products, in another order. */
    private static final double TOLERANCE = 1e-5;

    @ParameterizedTest
    @CsvSource({
        "F32,  6, 32, 48, 8, 3, 1, 1",
        "BF16, 6, 32, 48, 8, 3, 1, 1",
        "BF16, 4, 64, 64, 7, 3, 1, 1",
        "F32,  6, 32, 48, 8, 3, 2, 1",
        "BF16, 6, 32, 48, 16, 3, 2, 1",
        "BF16, 2, 20, 12, 6, 3, 2, 1",
    })
    void pairsOfImages(Type type, int batch, int in, int out, int size, int kernel, int stride, int padding) {
        same(type, batch, in, out, size, kernel, stride, padding, WeightGradient.ByPairs::new);
    }

    @ParameterizedTest
    @CsvSource({
        "F32,  6, 32, 48, 8, 1, 1, 0",
        "BF16, 6, 64, 64, 8, 1, 1, 0",
        "F32,  6, 32, 48, 8, 1, 2, 0",
        "BF16, 6, 64, 96, 8, 1, 2, 0",
        "BF16, 3, 20, 12, 6, 1, 2, 0",
    })
    void aProductOfMatrices(Type type, int batch, int in, int out, int size, int kernel, int stride, int padding) {
        same(type, batch, in, out, size, kernel, stride, padding, WeightGradient.ByMatmul::new);
    }

    @ParameterizedTest
    @CsvSource({"BF16, 4, 64, 64, 32, 3, 1, 1"})
    void theSecondImplementation(Type type, int batch, int in, int out, int size, int kernel, int stride, int padding) {
        same(
                type,
                batch,
                in,
                out,
                size,
                kernel,
                stride,
                padding,
                (handles, k) -> new WeightGradient.ByConvolution(handles, k, true));
    }

    private static void same(
            Type type,
            int batch,
            int in,
            int out,
            int size,
            int kernel,
            int stride,
            int padding,
            BiFunction<Handles, ConvolutionKernel, WeightGradient> way) {
        assumeTrue(type == Type.F32 || Library.get().hasAmx(), "this processor has no AMX, which the ways are for");
        int outSize = (size + 2 * padding - kernel) / stride + 1;
        ConvolutionKernel convolution =
                new ConvolutionKernel(type, batch, in, size, size, out, outSize, outSize, kernel, stride, padding, 1);
        float[] expected = gradient(convolution, (handles, k) -> new WeightGradient.ByConvolution(handles, k, false));
        float[] actual = gradient(convolution, way);
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow((double) actual[i] - expected[i], 2);
            norm += (double) expected[i] * expected[i];
        }
        assertThat(norm).isPositive();
        assertThat(Math.sqrt(difference / norm)).isLessThan(TOLERANCE);
    }

    /** In the canonical layout, computed twice: what a way keeps between runs must not show. */
    private static float[] gradient(
            ConvolutionKernel kernel, BiFunction<Handles, ConvolutionKernel, WeightGradient> way) {
        try (Handles handles = new Handles();
                Program program = new Program(handles)) {
            WeightGradient gradient = way.apply(handles, kernel);
            Buffer source = program.value(handles.layout(
                    Type.F32, dnnl.dnnl_acdb, kernel.batch(), kernel.in(), kernel.height(), kernel.width()));
            Buffer target = program.value(handles.layout(
                    Type.F32, dnnl.dnnl_acdb, kernel.batch(), kernel.out(), kernel.outHeight(), kernel.outWidth()));
            Buffer into = program.value(gradient.layout());
            gradient.record(
                    "test",
                    program,
                    program.reordered("source", source, kernel.source(handles)),
                    program.reordered("target", target, kernel.target(handles)),
                    into);
            Buffer result = program.reordered("result", into, kernel.canonical(handles));
            program.use(source, 0);
            program.use(target, 0);
            program.use(result, program.size());
            float[] values = new float[kernel.out() * kernel.in() * kernel.kernel() * kernel.kernel()];
            try (Memory arena = sealed(program)) {
                for (int run = 0; run < 2; run++) {
                    fill(program, source, "source" + run);
                    fill(program, target, "target" + run);
                    program.run(0, program.size());
                }
                program.floats(result).get(values);
            }
            return values;
        }
    }

    private static Memory sealed(Program program) {
        Memory[] arena = new Memory[1];
        program.seal(Map.of(), bytes -> arena[0] = new Memory(bytes));
        return arena[0];
    }

    private static void fill(Program program, Buffer buffer, String name) {
        int count = program.floats(buffer).limit();
        program.floats(buffer)
                .put(Reproducible.tensor(name, Shape.of(count), 1, 0).values());
    }
}
