package org.sftn.engine.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.sftn.engine.TrainingExecutable;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.zoo.Zoo;

class BigDlEngineTest {
    @Test
    void aValueMustFitAnArray() {
        Network network = Zoo.create("resnet8", Shape.of(3, 16, 16), 5).network();
        assertThatThrownBy(() -> new BigDlEngine(2).compileForInference(network, Set.of(Taps.LOGITS), 1_000_000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("conv1: a batch of 1000000 of 16x16x16 is more than an array holds");
    }

    @Test
    void aClosedExecutableHasNoThreads() throws InterruptedException {
        Shape image = Shape.of(3, 8, 8);
        Network network = Zoo.create("resnet8", image, 5).network();
        TrainingExecutable executable = new BigDlEngine(2).compileForTraining(network, Set.of(Taps.LOGITS), 2);
        executable.load(network.initialValues(1));
        executable.forward(Map.of(Taps.IMAGE, Tensor.zeros(image.batched(2))));
        List<Thread> threads = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("engine-bigdl"))
                .toList();
        assertThat(threads).isNotEmpty();
        executable.close();

        for (Thread thread : threads) {
            thread.join(10_000);
            assertThat(thread.isAlive()).isFalse();
        }
    }
}
