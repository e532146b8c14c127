package org.sftn.engine.mkl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

class MklArithmeticTest {
    @Test
    void memoryIsUsedAgainAfterItWasReclaimedAndNotBefore() {
        try (MklArithmetic arithmetic = new MklArithmetic(1)) {
            Tensor first = arithmetic.tensor(Shape.of(2, 3));
            Tensor second = arithmetic.tensor(Shape.of(3, 2));
            assertThat(second.values()).hasSize(6).isNotSameAs(first.values());

            arithmetic.reclaim();

            assertThat(arithmetic.tensor(Shape.of(7)).values()).hasSize(7);
            assertThat(arithmetic.tensor(Shape.of(6)).values()).isSameAs(first.values());
            assertThat(arithmetic.tensor(Shape.of(6)).values()).isSameAs(second.values());
            assertThat(arithmetic.tensor(Shape.of(6)).values()).isNotSameAs(first.values());
        }
    }
}
