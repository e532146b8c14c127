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
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;

class ZooTest {
    private static final Shape CIFAR = Shape.of(3, 32, 32);
    private static final JsonNode FACTS = facts();
    /** The reference's names where they are not ours. */
    private static final Map<String, String> REFERENCE_NAMES = Map.of(
            "resnet50_32", "ResNet50",
            "mobilenet_v2_32", "MobileNetV2",
            "shufflenet_v1_32", "ShuffleV1",
            "shufflenet_v2_32", "ShuffleV2");

    static Iterable<String> names() {
        return Zoo.names();
    }

    static Iterable<String> cifarNames() {
        Set<String> imageNet = new HashSet<>(fieldNames(FACTS.get("imagenet_224_1000_classes")));
        return Zoo.names().stream().filter(name -> !imageNet.contains(name)).toList();
    }

    static Iterable<String> imageNetNames() {
        return fieldNames(FACTS.get("imagenet_224_1000_classes"));
    }

    @Test
    void thereAreFactsOfEveryNetwork() {
        assertThat(Zoo.names()).containsAll(imageNetNames());
        assertThat(cifarNames())
                .extracting(name -> REFERENCE_NAMES.getOrDefault(name, name))
                .containsExactlyInAnyOrderElementsOf(fieldNames(FACTS.get("networks")));
    }

    @ParameterizedTest
    @MethodSource("cifarNames")
    void parametersAndFeatureShapesAreThoseOfTheReference(String name) {
        JsonNode facts = FACTS.get("networks").get(REFERENCE_NAMES.getOrDefault(name, name));
        Network network = Zoo.create(name, CIFAR, 100).network();

        assertThat(network.parameterCount()).isEqualTo(facts.get("parameters").asLong());
        assertThat(features(network)).isEqualTo(shapes(facts.get("feature_shapes_chw")));
        assertThat(network.tapShape(Taps.LOGITS)).isEqualTo(Shape.of(100));
    }

    @ParameterizedTest
    @MethodSource("imageNetNames")
    void imageNetParametersAreAsPublishedAndFeatureShapesThoseOfThePaper(String name) {
        Architecture published = Zoo.published(name);
        Network network = published.network();

        assertThat(published.image()).isEqualTo(Shape.of(3, 224, 224));
        assertThat(network.parameterCount())
                .isEqualTo(FACTS.get("imagenet_224_1000_classes").get(name).asLong());
        assertThat(features(network)).isEqualTo(publishedFeatures(name));
        assertThat(network.tapShape(Taps.LOGITS)).isEqualTo(Shape.of(1000));
    }

    private static List<Shape> publishedFeatures(String name) {
        if (name.equals("mobilenet_v2")) {
            // Sandler et al. 2018, table 2.
            return List.of(
                    Shape.of(32, 112, 112),
                    Shape.of(24, 56, 56),
                    Shape.of(32, 28, 28),
                    Shape.of(96, 14, 14),
                    Shape.of(320, 7, 7),
                    Shape.of(1280));
        }
        if (name.equals("shufflenet_v2_x1_0")) {
            // Ma et al. 2018, table 5.
            return List.of(
                    Shape.of(24, 56, 56),
                    Shape.of(116, 28, 28),
                    Shape.of(232, 14, 14),
                    Shape.of(464, 7, 7),
                    Shape.of(1024));
        }
        if (name.equals("vgg16_bn")) {
            // Simonyan and Zisserman 2015, table 1.
            return List.of(
                    Shape.of(64, 224, 224),
                    Shape.of(128, 112, 112),
                    Shape.of(256, 56, 56),
                    Shape.of(512, 28, 28),
                    Shape.of(512, 14, 14),
                    Shape.of(4096));
        }
        // He et al. 2016, table 1.
        int expansion = Set.of("resnet18", "resnet34").contains(name) ? 1 : 4;
        return List.of(
                Shape.of(64, 56, 56),
                Shape.of(64 * expansion, 56, 56),
                Shape.of(128 * expansion, 28, 28),
                Shape.of(256 * expansion, 14, 14),
                Shape.of(512 * expansion, 7, 7),
                Shape.of(512 * expansion));
    }

    @ParameterizedTest
    @MethodSource("names")
    void everyStageIsTappedAtItsEndAndBeforeItsLastRelu(String name) {
        Architecture architecture = Zoo.create(name, CIFAR, 10);
        Network network = architecture.network();
        Set<String> expected = new HashSet<>(Set.of(Taps.STEM, Taps.LAST_MAP, Taps.POOLED, Taps.LOGITS));
        for (int stage = 1; stage <= architecture.stages().size(); stage++) {
            expected.add(Taps.stage(stage));
            expected.add(Taps.stagePreActivation(stage));
            assertThat(network.tapShape(Taps.stagePreActivation(stage))).isEqualTo(architecture.stageShape(stage));
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

    /** torchvision's zero_init_residual: bn2 of basic blocks, bn3 of bottlenecks. */
    @ParameterizedTest
    @MethodSource("names")
    void theLastBatchNormsOfResidualBlocksAreKnown(String name) {
        Network network = Zoo.create(name, CIFAR, 10).network();
        String last = name.matches("resnet50.*|resnet101") ? "bn3" : "bn2";
        List<String> expected = network.nodes().stream()
                .map(Network.Node::name)
                .filter(node -> name.startsWith("resnet") && node.matches("stage.\\.block.*\\." + last))
                .toList();

        assertThat(network.nodes().stream()
                        .filter(node ->
                                node.layer() instanceof BatchNorm norm && norm.role() == BatchNorm.Role.END_OF_RESIDUAL)
                        .map(Network.Node::name))
                .isEqualTo(expected);
        assertThat(expected.isEmpty()).isEqualTo(!name.startsWith("resnet"));
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
        assertThat(residual.tap("stage2.pre-activation")).isEqualTo("stage2.block2.add");
        assertThat(residual.tap("stage2")).isEqualTo("stage2.block2.relu2");

        Network bottleneck = Zoo.create("resnet50", CIFAR, 10).network();
        assertThat(bottleneck.tap("stem")).isEqualTo("maxpool");
        assertThat(bottleneck.tap("stage4.pre-activation")).isEqualTo("stage4.block2.add");
        assertThat(bottleneck.tap("stage4")).isEqualTo("stage4.block2.relu3");

        Network preActivation = Zoo.create("wrn_16_2", CIFAR, 10).network();
        assertThat(preActivation.tap("stage2")).isEqualTo("stage2.block1.add");
        assertThat(preActivation.tap("stage2.pre-activation")).isEqualTo("stage3.block0.bn1");
        assertThat(preActivation.tap("stage3.pre-activation")).isEqualTo("bn1");
    }

    @Test
    void vggNamesFollowPyTorch() {
        assertThat(parameterNames("vgg13"))
                .startsWith("conv1.weight", "conv1.bias", "bn1.weight", "bn1.bias", "conv2.weight")
                .containsSubsequence("stage2.conv2.bias", "stage2.bn2.weight", "stage2.bn2.bias", "stage3.conv1.weight")
                .endsWith("stage4.bn2.weight", "stage4.bn2.bias", "fc.weight", "fc.bias");
    }

    @Test
    void vggOfImageNetEndsInThreeLinearLayersOnItsFlattenedLastMap() {
        assertThat(parameterNames("vgg16_bn"))
                .startsWith("conv1.weight", "conv1.bias", "bn1.weight", "bn1.bias", "conv2.weight")
                .containsSubsequence("stage2.conv3.bias", "stage2.bn3.weight", "stage2.bn3.bias", "stage3.conv1.weight")
                .endsWith(
                        "stage4.bn3.bias", "fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "fc.weight", "fc.bias");
        // torchvision's state_dict has the same shapes in the same order.
        Network published = Zoo.published("vgg16_bn").network();
        assertThat(published.tapShape(Taps.LAST_MAP)).isEqualTo(Shape.of(512, 7, 7));
        assertThat(published.parameters().stream()
                        .filter(spec -> spec.name().matches("fc.*weight"))
                        .map(ParameterSpec::shape))
                .containsExactly(Shape.of(4096, 25088), Shape.of(4096, 4096), Shape.of(1000, 4096));
        Network larger = Zoo.create("vgg16_bn", Shape.of(3, 255, 256), 10).network();
        assertThat(larger.shape("flatten")).isEqualTo(Shape.of(512 * 7 * 8));
    }

    @Test
    void vggPoolsLargeImagesOnceMore() {
        assertThat(Zoo.create("vgg8", Shape.of(3, 64, 63), 10).stageShape(4)).isEqualTo(Shape.of(512, 8, 7));
        assertThat(Zoo.create("vgg8", Shape.of(3, 64, 64), 10).stageShape(4)).isEqualTo(Shape.of(512, 4, 4));
    }

    @Test
    void invertedResidualNamesFollowPyTorch() {
        assertThat(parameterNames("mobilenet_v2_32"))
                .startsWith("conv1.weight", "bn1.weight", "bn1.bias", "stage1.block0.conv1.weight")
                .containsSubsequence("stage1.block2.bn3.bias", "stage2.block0.conv1.weight", "stage3.block6.bn3.bias")
                .endsWith("stage4.block3.bn3.bias", "conv2.weight", "bn2.weight", "bn2.bias", "fc.weight", "fc.bias");
    }

    @Test
    void shuffledNamesFollowPyTorch() {
        assertThat(parameterNames("shufflenet_v1_32"))
                .startsWith("conv1.weight", "bn1.weight", "bn1.bias", "stage1.block0.conv1.weight")
                .containsSubsequence("stage1.block3.bn3.bias", "stage2.block0.conv1.weight", "stage2.block7.bn3.bias")
                .endsWith("stage3.block3.bn3.weight", "stage3.block3.bn3.bias", "fc.weight", "fc.bias");
        assertThat(parameterNames("shufflenet_v2_32"))
                .containsSubsequence(
                        "stage1.block0.conv5.weight", "stage1.block0.bn5.weight", "stage1.block1.conv1.weight")
                .endsWith("stage3.block3.bn3.bias", "conv2.weight", "bn2.weight", "bn2.bias", "fc.weight", "fc.bias");
    }

    @Test
    void stagesOfMobileNetworksAreTappedWhereTheReferenceTakesThem() {
        Network linear = Zoo.create("mobilenet_v2_32", CIFAR, 10).network();
        assertThat(linear.tap("stage1")).isEqualTo("stage1.block2.add");
        assertThat(linear.tap("stage1.pre-activation")).isEqualTo("stage1.block2.add");
        assertThat(linear.tap("stage4.pre-activation")).isEqualTo("stage4.block3.bn3");

        Network widening = Zoo.create("mobilenet_v2", CIFAR, 10).network();
        assertThat(widening.tap("stage1")).isEqualTo("stage1.block2.add");
        assertThat(widening.shape("stage1.block0.conv1")).isEqualTo(Shape.of(32, 16, 16));
        assertThat(widening.shape("stage1.block0.conv2")).isEqualTo(Shape.of(16, 16, 16));

        Network joined = Zoo.create("shufflenet_v1_32", CIFAR, 10).network();
        assertThat(joined.tap("stage1")).isEqualTo("stage1.block3.relu3");
        assertThat(joined.tap("stage1.pre-activation")).isEqualTo("stage1.block3.add");

        Network shuffled = Zoo.create("shufflenet_v2_32", CIFAR, 10).network();
        assertThat(shuffled.tap("stage1")).isEqualTo("stage1.block3.shuffle");
        assertThat(shuffled.tap("stage1.pre-activation")).isEqualTo("stage1.block3.before_relu");
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
                .hasMessageStartingWith(
                        "there is no network 'resnet21' among mobilenet_v2, mobilenet_v2_32, resnet101, ")
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
        assertThatThrownBy(() -> Zoo.create("resnet50_32", Shape.of(3, 7, 8), 10))
                .isInstanceOf(UserException.class)
                .hasMessage("resnet50_32 halves the image three times and needs at least 8x8 pixels, not 7x8");
        assertThatThrownBy(() -> Zoo.create("vgg8", Shape.of(3, 7, 8), 10))
                .isInstanceOf(UserException.class)
                .hasMessage("vgg8 halves the image three times and needs at least 8x8 pixels, not 7x8");
        assertThatThrownBy(() -> Zoo.create("vgg16_bn", Shape.of(3, 31, 224), 10))
                .isInstanceOf(UserException.class)
                .hasMessage("vgg16_bn halves the image five times and needs at least 32x32 pixels, not 31x224");
        assertThatThrownBy(() -> Zoo.create("mobilenet_v2_32", Shape.of(3, 16, 15), 10))
                .isInstanceOf(UserException.class)
                .hasMessage("mobilenet_v2_32 halves the image four times and needs at least 16x16 pixels, not 16x15");
        assertThatThrownBy(() -> Zoo.create("shufflenet_v1_32", Shape.of(3, 7, 8), 10))
                .isInstanceOf(UserException.class)
                .hasMessage("shufflenet_v1_32 halves the image three times and needs at least 8x8 pixels, not 7x8");
        assertThatThrownBy(() -> Zoo.create("shufflenet_v2_32", Shape.of(3, 7, 8), 10))
                .isInstanceOf(UserException.class)
                .hasMessage("shufflenet_v2_32 halves the image three times and needs at least 8x8 pixels, not 7x8");
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
