package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.mkl.MklArithmetic;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

class MapsTest {
    private static final Tensor SMALL = new Tensor(Shape.of(1, 2, 1, 2), new float[] {4, 8, 12, 16});
    private static final Tensor LARGE =
            new Tensor(Shape.of(1, 2, 2, 4), new float[] {1, 3, 2, 2, 0, 4, 4, 4, 9, 9, 7, 8, 9, 9, 8, 9});

    @Test
    void pooledMapsAreTheMeansOfWindows() {
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            Tensor pooled = Maps.pooled(arithmetic, LARGE, SMALL);
            assertThat(pooled.shape()).isEqualTo(SMALL.shape());
            assertThat(pooled.values()).containsExactly(2, 3, 9, 8);
            assertThat(Maps.pooled(arithmetic, SMALL, LARGE)).isSameAs(SMALL);
            assertThat(Maps.pooled(arithmetic, SMALL, SMALL)).isSameAs(SMALL);
        }
    }

    @Test
    void repeatedMapsFillWindowsAndGradientsAreSharedByThem() {
        try (Arithmetic arithmetic = new MklArithmetic(2)) {
            Tensor repeated = Maps.repeated(arithmetic, SMALL, LARGE);
            assertThat(repeated.shape()).isEqualTo(LARGE.shape());
            assertThat(repeated.values()).containsExactly(4, 4, 8, 8, 4, 4, 8, 8, 12, 12, 16, 16, 12, 12, 16, 16);
            assertThat(Maps.unpooled(arithmetic, SMALL, LARGE).values())
                    .containsExactly(1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4);
            assertThat(Maps.repeated(arithmetic, LARGE, SMALL)).isSameAs(LARGE);
        }
    }
}
