package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.data.Batch;
import org.sftn.engine.Engine;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.nn.GlobalAveragePool;
import org.sftn.nn.Layout;
import org.sftn.nn.Linear;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.Objective;
import org.sftn.train.RankLabels;
import org.sftn.train.StepLoss;
import org.sftn.train.loss.Loss;

class BenchTest {
    @ParameterizedTest
    @CsvSource({"resnet8, 83892", "kd:resnet14:resnet8, 83892", "sftn:resnet14:resnet8, 335708"})
    void aStepIsMeasured(String network, long parameters) throws IOException {
        Ran ran = bench("--network", network, "--batch", "4", "--iterations", "2");

        assertThat(ran.err()).isEmpty();
        assertThat(ran.code()).isZero();
        assertThat(ran.out()).endsWith("}\n").hasLineCount(1);
        JsonNode line = new ObjectMapper().readTree(ran.out());
        List<String> keys = new ArrayList<>();
        line.fieldNames().forEachRemaining(keys::add);
        assertThat(keys)
                .containsExactly(
                        "engine",
                        "network",
                        "batch",
                        "precision",
                        "threads",
                        "iterations",
                        "parameters",
                        "images_per_second",
                        "milliseconds",
                        "peak_memory_mib",
                        "loss");
        assertThat(line.get("engine").asText()).startsWith("bigdl ").endsWith(" 2 threads");
        assertThat(line.get("network").asText()).isEqualTo(network);
        assertThat(line.get("batch").asInt()).isEqualTo(4);
        assertThat(line.get("precision").asText()).isEqualTo("fp32");
        assertThat(line.get("threads").asInt()).isEqualTo(2);
        assertThat(line.get("iterations").asInt()).isEqualTo(2);
        assertThat(line.get("parameters").asLong()).isEqualTo(parameters);
        assertThat(line.get("images_per_second").asDouble()
                        * line.get("milliseconds").asDouble())
                .isBetween(3900.0, 4100.0);
        assertThat(line.get("peak_memory_mib").asDouble()).isGreaterThan(10);
        assertThat(line.get("loss").asDouble()).isBetween(0.1, 100.0);
    }

    @Test
    void ranksExchangeGradientsInProcessesOfTheirOwn() throws IOException {
        Ran ran = bench(
                "--network",
                "resnet8",
                "--batch",
                "6",
                "--iterations",
                "2",
                "--ranks",
                "3",
                "--threads",
                "1",
                "--wire",
                "bf16");

        assertThat(ran.err()).isEmpty();
        assertThat(ran.code()).isZero();
        JsonNode line = new ObjectMapper().readTree(ran.out());
        assertThat(line.get("ranks").asInt()).isEqualTo(3);
        assertThat(line.get("wire").asText()).isEqualTo("bf16");
        assertThat(line.get("batch").asInt()).isEqualTo(6);
        assertThat(line.get("images_per_second").asDouble()
                        * line.get("milliseconds").asDouble())
                .isBetween(5800.0, 6200.0);
        assertThat(line.get("computing_milliseconds").asDouble()).isPositive();
        assertThat(line.get("exchange_milliseconds").asDouble()).isPositive();
        assertThat(line.get("exchange_hidden_share").asDouble()).isBetween(0.0, 1.0);
        assertThat(line.get("loss").asDouble()).isBetween(0.1, 100.0);
        assertThat(line.size()).isEqualTo(16);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--network   | resnet9        | there is no network 'resnet9' among ",
                "--network   | kd:resnet8     | --network cannot be 'kd:resnet8'; it is NETWORK, sftn:TEACHER:STUDENT or METHOD:",
                "--network   | x:resnet8:resnet8 | distill.method cannot be 'x'; there are none, kd",
                "--network   | sftn:resnet8:  | there is no network '' among ",
                "--batch     | 0              | --batch must be at least 1, not 0",
                "--iterations| 0              | --iterations must be at least 1, not 0",
                "--threads   | 0              | --threads must be at least 1, not 0",
                "--ranks     | 0              | --ranks must be at least 1, not 0",
                "--ranks     | 3              | --batch must be a multiple of --ranks, 3, not 64",
                "--wire      | bf16           | --wire bf16 needs --ranks of at least 2: one rank sends nothing",
                "--precision | fp16           | engine.precision is 'fp16', it must be ",
                "--engine    | onednm         | there is no engine 'onednm' among ",
            })
    void aValueThatCannotBeUsedIsNamed(String option, String value, String message) {
        Ran ran = Ran.of("bench", option, value);

        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains(message).startsWith("error: ");
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void wrongUsageIsExplained() {
        Ran ran = bench("--batch", "many");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err())
                .startsWith("error: Invalid value for option '--batch'")
                .contains("Usage: sftn bench");
    }

    @Test
    void theHelpListsTheOptions() {
        Ran ran = bench("--help");

        assertThat(ran.code()).isZero();
        assertThat(ran.out())
                .startsWith("Usage: sftn bench")
                .contains("--network", "--batch", "--precision", "--iterations", "--threads", "--engine")
                .contains("--against-pytorch", "--rounds", "--python");
    }

    @Test
    void aLossThatIsNotFiniteEndsTheMeasurement() {
        Engine engine = new BigDlEngine(1);
        Objective objective = new Exploding();
        Batch batch = Bench.batch(objective.model().orElseThrow(), Layout.CHANNELS_FIRST, 2, 1);

        assertThatThrownBy(() -> Bench.measure(engine, objective, batch, 5, 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the loss became Infinity in step 3");
    }

    @Test
    void imagesAreTheSameInEveryLayout() {
        Network model = new Exploding().network();
        Batch first = Bench.batch(model, Layout.CHANNELS_FIRST, 2, 1);
        Batch last = Bench.batch(model, Layout.CHANNELS_LAST, 2, 1);

        // The second image, channel 2 of 3, row 1 and column 3 of 4x5.
        assertThat(last.images().values()[60 + (1 * 5 + 3) * 3 + 2])
                .isEqualTo(first.images().values()[60 + 2 * 20 + 1 * 5 + 3]);
        assertThat(last.images().layout()).isEqualTo(Layout.CHANNELS_LAST);
        assertThat(last.labels()).isEqualTo(first.labels()).hasSize(2);
    }

    private static Ran bench(String... options) {
        List<String> all = new ArrayList<>(List.of("bench", "--engine", "bigdl", "--precision", "fp32"));
        all.addAll(List.of(options));
        return Ran.of(all.toArray(String[]::new));
    }

    /** Its loss is finite in two steps. */
    private static final class Exploding implements Objective {
        private static final long serialVersionUID = 1L;

        @Override
        public Network network() {
            Network.Builder builder = Network.builder();
            String value = builder.add("pool", new GlobalAveragePool(), builder.input(Taps.IMAGE, Shape.of(3, 4, 5)));
            value = builder.add("fc", new Linear(3, 7), value);
            return builder.tap(Taps.LOGITS, value).build();
        }

        @Override
        public Map<String, Tensor> initialValues() {
            return network().initialValues(1);
        }

        @Override
        public Set<String> taps() {
            return Set.of(Taps.LOGITS);
        }

        @Override
        public Map<String, String> logits() {
            return Map.of(MODEL, Taps.LOGITS);
        }

        @Override
        public Optional<Network> model() {
            return Optional.of(network());
        }

        @Override
        public String modelPrefix() {
            return "";
        }

        @Override
        public StepLoss open(Engine engine, RankLabels shard) {
            int[] steps = {0};
            return (images, outputs, epoch) -> new Loss(
                    ++steps[0] > 2 ? Double.POSITIVE_INFINITY : 1,
                    Map.of(),
                    Map.of(Taps.LOGITS, outputs.get(Taps.LOGITS)));
        }
    }
}
