package org.sftn.engine.bigdl;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Phaser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.engine.Reproducible;
import org.sftn.nn.MaxPool;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

class MaxPoolTest {
    @ParameterizedTest
    @CsvSource({"3,2,1", "2,2,0", "3,1,1", "1,2,0", "2,3,1", "4,1,2"})
    void aMaxPoolIsItsDefinition(int kernel, int stride, int padding) {
        Shape in = Shape.of(4, 7, 9);
        MaxPool layer = new MaxPool(kernel, stride, padding);
        Shape out = layer.outputShape(List.of(in));
        Tensor x = Reproducible.tensor("x", in.batched(3), 2, 0);
        float[] expected = new float[3 * out.elements()];
        int next = 0;
        for (int map = 0; map < 3 * 4; map++) {
            for (int oy = 0; oy < out.height(); oy++) {
                for (int ox = 0; ox < out.width(); ox++, next++) {
                    expected[next] = Float.NEGATIVE_INFINITY;
                    for (int ky = 0; ky < kernel; ky++) {
                        for (int kx = 0; kx < kernel; kx++) {
                            int y = oy * stride + ky - padding;
                            int z = ox * stride + kx - padding;
                            if (y >= 0 && y < 7 && z >= 0 && z < 9) {
                                expected[next] = Math.max(expected[next], x.values()[(map * 7 + y) * 9 + z]);
                            }
                        }
                    }
                }
            }
        }

        assertThat(new Pass(layer, in, x.values()).output.data).isEqualTo(expected);
    }

    @Test
    void paddingIsLessThanAnyValue() {
        Pass pass = new Pass(new MaxPool(3, 2, 1), Shape.of(1, 2, 2), -4, -3, -2, Float.NEGATIVE_INFINITY);
        assertThat(pass.output.data).containsExactly(-2);
        Pass infinite = new Pass(new MaxPool(2, 1, 1), Shape.of(1, 1, 1), Float.NEGATIVE_INFINITY);
        assertThat(infinite.output.data).hasSize(4).containsOnly(Float.NEGATIVE_INFINITY);
        assertThat(infinite.gradient(Into.OVERWRITE, 1, 2, 3, 4)).containsExactly(10);
    }

    @Test
    void theFirstOfEqualValuesGetsTheGradient() {
        Pass pass = new Pass(new MaxPool(2, 2, 0), Shape.of(1, 2, 4), 1, 5, 0, 0, 5, 5, 0, 0);
        assertThat(pass.output.data).containsExactly(5, 0);
        assertThat(pass.gradient(Into.OVERWRITE, 2, 3)).containsExactly(0, 2, 3, 0, 0, 0, 0, 0);
    }

    @Test
    void gradientsOfOverlappingWindowsAddUp() {
        Pass pass = new Pass(new MaxPool(3, 1, 1), Shape.of(1, 1, 4), 1, 9, 2, 3);
        assertThat(pass.output.data).containsExactly(9, 9, 9, 3);
        assertThat(pass.gradient(Into.OVERWRITE, 1, 2, 4, 8)).containsExactly(0, 7, 0, 8);
        // On top of what another consumer of the input gave.
        assertThat(pass.gradient(Into.ADD, 1, 2, 4, 8)).containsExactly(100, 107, 100, 108);
    }

    @Test
    void aNanIsNotHidden() {
        Pass pass =
                new Pass(new MaxPool(2, 2, 0), Shape.of(1, 2, 4), 1, Float.NaN, 2, 3, Float.POSITIVE_INFINITY, 1, 4, 5);
        assertThat(pass.output.data).containsExactly(Float.NaN, 5);
    }

    /** A forward pass of two threads' worth of work, one after the other. */
    private static final class Pass {
        final Value input;
        final Value output;
        private final MaxPoolOperation operation;
        private final List<Worker> workers = List.of(new Worker(0, 2, 0, 0), new Worker(1, 2, 0, 0));

        Pass(MaxPool layer, Shape in, float... x) {
            int batch = x.length / in.elements();
            input = new Value("in", in, true);
            output = new Value("out", layer.outputShape(List.of(in)), true);
            operation = new MaxPoolOperation(input, output, layer, Mode.TRAINING, workers.size());
            input.data = x;
            output.data = new float[batch * output.shape.elements()];
            for (Worker worker : workers) {
                worker.start(batch, new Phaser());
                operation.forward(worker);
            }
        }

        /** The input's gradient, over or on top of hundreds. */
        float[] gradient(Into into, float... given) {
            output.gradient = given;
            input.gradient = new float[input.data.length];
            Arrays.fill(input.gradient, 100);
            workers.forEach(worker -> operation.backward(worker, List.of(into)));
            return input.gradient;
        }
    }
}
