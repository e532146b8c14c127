package org.sftn.engine.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.engine.Executable;
import org.sftn.engine.Reproducible;
import org.sftn.nn.Convolution;
import org.sftn.nn.Layer;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.nn.TransposedConvolution;

/** Convolutions against their definition, term by term in double. */
class ConvolutionTest {
    private static final int BATCH = 3;
    private static final Shape INPUT = Shape.of(4, 7, 9);
    /** Sums of at most 100 products near 1 in fp32. */
    private static final double TOLERANCE = 1e-5;

    @ParameterizedTest
    @CsvSource({
        "3,1,1,1", "3,2,1,1", "1,1,0,1", "1,2,0,1", "1,1,2,1", "5,1,0,1", "5,2,4,1", "2,3,0,1", "3,1,1,2", "3,2,1,4",
        "7,1,3,1", "4,1,8,2"
    })
    void aConvolutionIsItsDefinition(int kernel, int stride, int padding, int groups) {
        Convolution layer = new Convolution(4, 8, kernel, stride, padding, groups);
        Shape out = layer.outputShape(java.util.List.of(INPUT));
        Tensor x = Reproducible.tensor("x", INPUT.batched(BATCH), 2, 0);
        Tensor w = Reproducible.tensor("w", layer.parameters().get(0).shape(), 2, 0);
        double[] expected = new double[BATCH * out.elements()];
        int next = 0;
        for (int n = 0; n < BATCH; n++) {
            for (int o = 0; o < 8; o++) {
                for (int oy = 0; oy < out.height(); oy++) {
                    for (int ox = 0; ox < out.width(); ox++, next++) {
                        for (int c = 0; c < 4 / groups; c++) {
                            for (int ky = 0; ky < kernel; ky++) {
                                for (int kx = 0; kx < kernel; kx++) {
                                    int channel = o / (8 / groups) * (4 / groups) + c;
                                    expected[next] +=
                                            at(x, n, channel, oy * stride + ky - padding, ox * stride + kx - padding)
                                                    * at(w, o, c, ky, kx);
                                }
                            }
                        }
                    }
                }
            }
        }
        assertClose(run(layer, x, w), expected);
    }

    @ParameterizedTest
    @CsvSource({"4,2,1", "3,1,1", "1,1,0", "2,3,0", "3,2,0", "5,2,2"})
    void aTransposedConvolutionIsItsDefinition(int kernel, int stride, int padding) {
        TransposedConvolution layer = new TransposedConvolution(4, 5, kernel, stride, padding);
        Shape out = layer.outputShape(java.util.List.of(INPUT));
        Tensor x = Reproducible.tensor("x", INPUT.batched(BATCH), 2, 0);
        Tensor w = Reproducible.tensor("w", layer.parameters().get(0).shape(), 2, 0);
        double[] expected = new double[BATCH * out.elements()];
        for (int n = 0; n < BATCH; n++) {
            for (int c = 0; c < 4; c++) {
                for (int y = 0; y < INPUT.height(); y++) {
                    for (int z = 0; z < INPUT.width(); z++) {
                        for (int o = 0; o < 5; o++) {
                            for (int ky = 0; ky < kernel; ky++) {
                                for (int kx = 0; kx < kernel; kx++) {
                                    int oy = y * stride + ky - padding;
                                    int ox = z * stride + kx - padding;
                                    if (oy >= 0 && oy < out.height() && ox >= 0 && ox < out.width()) {
                                        expected[((n * 5 + o) * out.height() + oy) * out.width() + ox] +=
                                                at(x, n, c, y, z) * at(w, c, o, ky, kx);
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        assertClose(run(layer, x, w), expected);
    }

    private static float[] run(Layer layer, Tensor x, Tensor w) {
        Network.Builder b = Network.builder();
        Network network =
                b.tap("out", b.add("layer", layer, b.input("in", INPUT))).build();
        try (Executable executable = new BigDlEngine(2).compileForInference(network, Set.of("out"), BATCH)) {
            executable.load(Map.of("layer.weight", w));
            return executable.forward(Map.of("in", x)).get("out").values().clone();
        }
    }

    private static double at(Tensor t, int a, int b, int c, int d) {
        Shape s = t.shape();
        if (c < 0 || c >= s.dimension(2) || d < 0 || d >= s.dimension(3)) {
            return 0;
        }
        return t.values()[((a * s.dimension(1) + b) * s.dimension(2) + c) * s.dimension(3) + d];
    }

    private static void assertClose(float[] actual, double[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i]).as("value %d", i).isCloseTo(expected[i], within(TOLERANCE));
        }
    }
}
