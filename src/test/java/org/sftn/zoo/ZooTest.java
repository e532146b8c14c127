package org.sftn.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.conf.UserException;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;

class ZooTest {
    private static final Shape CIFAR = Shape.of(3, 32, 32);
    private static final JsonNode FACTS = facts();

    static Iterable<String> names() {
        return Zoo.names();
    }

    static Iterable<String> cifarNames() {
        return fieldNames(FACTS.get("networks"));
    }

    static Iterable<String> imageNetNames() {
        return fieldNames(FACTS.get("imagenet_224_1000_classes"));
    }

    @Test
    void thereAreFactsOfEveryNetwork() {
        assertThat(Zoo.names()).containsAll(cifarNames()).containsAll(imageNetNames());
        assertThat(Zoo.names())
                .hasSize(FACTS.get("networks").size()
                        + FACTS.get("imagenet_224_1000_classes").size());
    }

    @ParameterizedTest
    @MethodSource("cifarNames")
    void parametersAndFeatureShapesAreThoseOfTheReference(String name) {
        JsonNode facts = FACTS.get("networks").get(name);
        Network network = Zoo.create(name, CIFAR, 100).network();

        assertThat(network.parameterCount()).isEqualTo(facts.get("parameters").asLong());
        assertThat(features(network)).isEqualTo(shapes(facts.get("feature_shapes_chw")));
        assertThat(network.tapShape(Taps.LOGITS)).isEqualTo(Shape.of(100));
    }

    @ParameterizedTest
    @MethodSource("imageNetNames")
    void imageNetParametersAreAsPublishedAndFeatureShapesThoseOfThePaper(String name) {
        Network network = Zoo.create(name, Shape.of(3, 224, 224), 1000).network();
        int expansion = Set.of("resnet18", "resnet34").contains(name) ? 1 : 4;

        assertThat(network.parameterCount())
                .isEqualTo(FACTS.get("imagenet_224_1000_classes").get(name).asLong());
        // He et al. 2016, table 1.
        assertThat(features(network))
                .containsExactly(
                        Shape.of(64, 56, 56),
                        Shape.of(64 * expansion, 56, 56),
                        Shape.of(128 * expansion, 28, 28),
                        Shape.of(256 * expansion, 14, 14),
                        Shape.of(512 * expansion, 7, 7),
                        Shape.of(512 * expansion));
        assertThat(network.tapShape(Taps.LOGITS)).isEqualTo(Shape.of(1000));
    }

    @ParameterizedTest
    @MethodSource("names")
    void everyStageHasATapBeforeItsLastRelu(String name) {
        Architecture architecture = Zoo.create(name, CIFAR, 10);
        Network network = architecture.network();
        Set<String> expected = new HashSet<>(Set.of(Taps.STEM, Taps.POOLED, Taps.LOGITS));
        for (int stage = 1; stage <= architecture.stages().size(); stage++) {
            expected.add(Taps.stage(stage));
            expected.add(Taps.stageBeforeRelu(stage));
            assertThat(network.tapShape(Taps.stageBeforeRelu(stage))).isEqualTo(architecture.stageShape(stage));
        }

        assertThat(network.taps().keySet()).isEqualTo(expected);
        assertThat(network.inputs()).isEqualTo(Map.of(Taps.IMAGE, CIFAR));
    }

    @ParameterizedTest
    @MethodSource("names")
    void aTailIsTheRestOfTheNetwork(String name) {
        Architecture architecture = Zoo.create(name, CIFAR, 10);
        List<String> all =
                architecture.network().nodes().stream().map(Network.Node::name).toList();
        for (int stage = 1; stage <= architecture.stages().size(); stage++) {
            Network tail = architecture.tail(stage);
            List<String> rest = tail.nodes().stream().map(Network.Node::name).toList();

            assertThat(tail.inputs()).isEqualTo(Map.of(Architecture.FEATURES, architecture.stageShape(stage)));
            assertThat(rest).isEqualTo(all.subList(all.size() - rest.size(), all.size()));
            assertThat(rest).noneMatch(node -> node.startsWith("stage1."));
            assertThat(tail.tapShape(Taps.LOGITS)).isEqualTo(Shape.of(10));
        }
        assertThat(architecture.tail(architecture.stages().size()).taps())
                .doesNotContainKey(Taps.stage(architecture.stages().size()));
    }

    @ParameterizedTest
    @MethodSource("names")
    void otherImagesAndClassesFit(String name) {
        Network network = Zoo.create(name, Shape.of(1, 44, 36), 2).network();

        assertThat(network.inputs()).isEqualTo(Map.of(Taps.IMAGE, Shape.of(1, 44, 36)));
        assertThat(network.tapShape(Taps.LOGITS)).isEqualTo(Shape.of(2));
    }

    @Test
    void residualNamesFollowPyTorch() {
        assertThat(parameterNames("resnet8"))
                .startsWith(
                        "conv1.weight",
                        "bn1.weight",
                        "bn1.bias",
                        "stage1.block0.conv1.weight",
                        "stage1.block0.bn1.weight")
                .containsSubsequence(
                        "stage2.block0.bn2.bias",
                        "stage2.block0.shortcut.conv.weight",
                        "stage2.block0.shortcut.bn.weight")
                .doesNotContain("stage1.block0.shortcut.conv.weight")
                .endsWith("fc.weight", "fc.bias");
    }

    @Test
    void bottleneckNamesFollowPyTorch() {
        assertThat(parameterNames("resnet50"))
                .startsWith("conv1.weight", "bn1.weight", "bn1.bias", "stage1.block0.conv1.weight")
                .containsSubsequence(
                        "stage1.block0.bn3.bias",
                        "stage1.block0.shortcut.conv.weight",
                        "stage1.block0.shortcut.bn.weight",
                        "stage1.block0.shortcut.bn.bias",
                        "stage1.block1.conv1.weight")
                .contains("stage3.block5.conv3.weight")
                .doesNotContain("stage1.block1.shortcut.conv.weight")
                .endsWith("stage4.block2.bn3.bias", "fc.weight", "fc.bias");
        assertThat(parameterNames("resnet34"))
                .contains("stage2.block0.shortcut.conv.weight")
                .doesNotContain("stage1.block0.shortcut.conv.weight");
    }

    @Test
    void aBottleneckStridesAtIts3x3() {
        Network network = Zoo.create("resnet50", CIFAR, 10).network();
        assertThat(network.shape("stage2.block0.conv1")).isEqualTo(Shape.of(128, 8, 8));
        assertThat(network.shape("stage2.block0.conv2")).isEqualTo(Shape.of(128, 4, 4));
    }

    @Test
    void preActivationNamesFollowPyTorch() {
        assertThat(parameterNames("wrn_16_1"))
                .startsWith(
                        "conv1.weight",
                        "stage1.block0.bn1.weight",
                        "stage1.block0.bn1.bias",
                        "stage1.block0.conv1.weight")
                .contains("stage1.block1.conv2.weight", "stage2.block0.shortcut.conv.weight")
                .doesNotContain("stage2.block0.shortcut.bn.weight", "stage1.block0.shortcut.conv.weight")
                .endsWith("bn1.weight", "bn1.bias", "fc.weight", "fc.bias");
    }

    @Test
    void residualStageIsTappedAtItsSumAndPreActivationStageAtTheNextBatchNorm() {
        Network residual = Zoo.create("resnet20", CIFAR, 10).network();
        assertThat(residual.tap("stage2.before-relu")).isEqualTo("stage2.block2.add");
        assertThat(residual.tap("stage2")).isEqualTo("stage2.block2.relu2");

        Network bottleneck = Zoo.create("resnet50", CIFAR, 10).network();
        assertThat(bottleneck.tap("stem")).isEqualTo("maxpool");
        assertThat(bottleneck.tap("stage4.before-relu")).isEqualTo("stage4.block2.add");
        assertThat(bottleneck.tap("stage4")).isEqualTo("stage4.block2.relu3");

        Network preActivation = Zoo.create("wrn_16_2", CIFAR, 10).network();
        assertThat(preActivation.tap("stage2")).isEqualTo("stage2.block1.add");
        assertThat(preActivation.tap("stage2.before-relu")).isEqualTo("stage3.block0.bn1");
        assertThat(preActivation.tap("stage3.before-relu")).isEqualTo("bn1");
    }

    @Test
    void aNetworkForSmallImagesWasPublishedForCifar() {
        Architecture published = Zoo.published("wrn_40_2");

        assertThat(published.image()).isEqualTo(CIFAR);
        assertThat(published.classes()).isEqualTo(100);
    }

    @Test
    void anUnknownNameIsRefusedWithTheNearest() {
        assertThatThrownBy(() -> Zoo.create("resnet21", CIFAR, 10))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("there is no network 'resnet21' among resnet101, resnet110, resnet14, ")
                .hasMessageEndingWith(", wrn_40_1, wrn_40_2; did you mean 'resnet20'?");
    }

    @Test
    void whatDoesNotFitIsRefused() {
        assertThatThrownBy(() -> Zoo.create("resnet8", Shape.of(3, 32, 4), 10))
                .isInstanceOf(UserException.class)
                .hasMessage("resnet8 halves the image twice and needs at least 8x8 pixels, not 32x4");
        assertThatThrownBy(() -> Zoo.create("resnet50", Shape.of(3, 31, 224), 1000))
                .isInstanceOf(UserException.class)
                .hasMessage("resnet50 halves the image five times and needs at least 32x32 pixels, not 31x224");
        assertThatThrownBy(() -> Zoo.create("wrn_16_1", Shape.of(3072), 10))
                .isInstanceOf(UserException.class)
                .hasMessage("wrn_16_1 needs images of channels x height x width, not of 3072");
        assertThatThrownBy(() -> Zoo.create("resnet8", CIFAR, 1))
                .isInstanceOf(UserException.class)
                .hasMessage("resnet8 needs at least 2 classes, not 1");
        assertThatThrownBy(() -> Zoo.create("resnet8", CIFAR, 10).tail(4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("resnet8 has stages 1 to 3, not 4");
    }

    private static List<String> parameterNames(String name) {
        return Zoo.create(name, CIFAR, 10).network().parameters().stream()
                .map(ParameterSpec::name)
                .toList();
    }

    private static List<Shape> features(Network network) {
        List<Shape> features = new ArrayList<>(List.of(network.tapShape(Taps.STEM)));
        for (int stage = 1; network.taps().containsKey(Taps.stage(stage)); stage++) {
            features.add(network.tapShape(Taps.stage(stage)));
        }
        features.add(network.tapShape(Taps.POOLED));
        return features;
    }

    private static JsonNode facts() {
        try (InputStream in = ZooTest.class.getResourceAsStream("/golden/network_facts.json")) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static List<String> fieldNames(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static List<Shape> shapes(JsonNode rows) {
        List<Shape> shapes = new ArrayList<>();
        for (JsonNode row : rows) {
            List<Integer> dimensions = new ArrayList<>();
            row.forEach(d -> dimensions.add(d.asInt()));
            shapes.add(new Shape(dimensions));
        }
        return shapes;
    }
}
