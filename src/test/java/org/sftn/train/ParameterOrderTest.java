package org.sftn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.engine.Engine;
import org.sftn.engine.TrainingExecutable;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.engine.onednn.OneDnnEngine;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.zoo.Zoo;

class ParameterOrderTest {
    private static final Configuration HADOOP = new Configuration();
    // 78,042 parameters: more than one half of an index holds.
    private static final Network NETWORK =
            Zoo.create("resnet8", Shape.of(3, 32, 32), 10).network();

    @TempDir
    private Path folder;

    private static TrainingExecutable compiled(Engine engine) {
        return engine.compileForTraining(NETWORK, Set.of(Taps.LOGITS), 4);
    }

    @Test
    void parametersMoveFromAnEngineToAnotherAndBack() throws IOException {
        Map<String, Tensor> values = new LinkedHashMap<>(NETWORK.initialValues(5));
        try (TrainingExecutable one = compiled(new OneDnnEngine(Precision.AUTO, 1));
                TrainingExecutable other = compiled(new BigDlEngine(1))) {
            ParameterOrder its = ParameterOrder.of(one);
            its.write(file(), HADOOP);
            ParameterOrder read = ParameterOrder.read(file(), its.positions().length, one.parameters().length, HADOOP);
            ParameterOrder others = ParameterOrder.of(other);
            one.load(values);
            other.load(values);

            assertThat(read.positions()).isEqualTo(its.positions());
            assertThat(Files.size(folder.resolve("order"))).isLessThan(its.positions().length);
            assertThat(read.moved(one.parameters(), others, other.parameters().length))
                    .isEqualTo(other.parameters());
            assertThat(others.moved(other.parameters(), its, one.parameters().length))
                    .isEqualTo(one.parameters());
        }
    }

    @Test
    void aFileOfAnotherNetworkIsRefused() throws IOException {
        new ParameterOrder(new int[] {2, 0, 1}).write(file(), HADOOP);

        assertThat(ParameterOrder.read(file(), 3, 3, HADOOP).positions()).containsExactly(2, 0, 1);
        assertThatThrownBy(() -> ParameterOrder.read(file(), 3, 2, HADOOP))
                .isInstanceOf(IOException.class)
                .hasMessageEndingWith(" holds position 2 of 2");
        assertThatThrownBy(() -> ParameterOrder.read(file(), 2, 3, HADOOP))
                .isInstanceOf(IOException.class)
                .hasMessageEndingWith(" holds more than 2 positions");
        assertThatThrownBy(() -> ParameterOrder.read(file(), 4, 3, HADOOP)).isInstanceOf(IOException.class);
    }

    private org.apache.hadoop.fs.Path file() {
        return new org.apache.hadoop.fs.Path(folder.resolve("order").toUri());
    }
}
