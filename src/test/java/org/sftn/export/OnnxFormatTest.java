package org.sftn.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.conf.UserException;
import org.sftn.engine.Executable;
import org.sftn.engine.Reproducible;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.export.OnnxFormat.Normalization;
import org.sftn.model.ModelDescription;
import org.sftn.model.SavedModel;
import org.sftn.nn.Add;
import org.sftn.nn.AveragePool;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.ChannelShuffle;
import org.sftn.nn.ChannelSlice;
import org.sftn.nn.Concat;
import org.sftn.nn.Convolution;
import org.sftn.nn.Flatten;
import org.sftn.nn.GlobalAveragePool;
import org.sftn.nn.Layer;
import org.sftn.nn.LeakyRelu;
import org.sftn.nn.Linear;
import org.sftn.nn.MaxPool;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterVector;
import org.sftn.nn.Relu;
import org.sftn.nn.Relu6;
import org.sftn.nn.Shape;
import org.sftn.nn.Sigmoid;
import org.sftn.nn.SpatialAttention;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.nn.TransposedConvolution;
import org.sftn.nn.Upsample;
import org.sftn.zoo.Zoo;

/** Exported networks in ONNX Runtime, against the reference engine. */
class OnnxFormatTest {
    /**
     * Of the difference to the norm of an image's logits. fp32 rounds at 6e-8; the errors of up to 110 layers, each summed in another
     * order, add up to 1e-6 to 1e-5. Anything wrong in a graph (an attribute, a transposed weight) changes the logits by percents.
     */
    private static final double TOLERANCE = 1e-4;

    private static final int CLASSES = 7;
    private static final int BATCH = 3;
    private static final List<Double> MEAN = List.of(0.49, 0.38, 0.56);
    private static final List<Double> DEVIATION = List.of(0.21, 0.33, 0.27);

    /** The zoo's and two students of SimKD, of which the second averages the student's map to the teacher's. */
    static Stream<String> networks() {
        return Stream.concat(Zoo.names().stream(), Stream.of("resnet8x4+resnet32x4", "shufflenet_v2_32+resnet8"));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void theLogitsAreThoseOfTheReferenceEngine(String name) throws IOException, OrtException {
        SavedModel model = model(name);
        Tensor pixels =
                Reproducible.tensor("image", model.description().imageShape().batched(BATCH), 1, 0.5);
        Tensor normalized = normalized(pixels);

        Tensor expected = computed(SavedNetwork.of(model), model.values(), normalized);

        // Or a mistake could hide behind what all images share.
        assertThat(distance(expected.row(0), expected.row(1))).isGreaterThan(100 * TOLERANCE);
        same(expected, file(model, Normalization.OUTSIDE), normalized);
        same(expected, file(model, Normalization.INSIDE), pixels);
    }

    /** For a batch of all images and for the first one alone. */
    private static void same(Tensor expected, byte[] file, Tensor images) throws OrtException {
        Shape image = Shape.of(
                images.shape().dimensions().stream().skip(1).mapToInt(i -> i).toArray());
        try (OnnxRuntime runtime = new OnnxRuntime(file)) {
            Tensor all = runtime.logits(images);
            Tensor first = runtime.logits(new Tensor(image.batched(1), images.row(0)));
            assertThat(all.shape()).isEqualTo(expected.shape());
            for (int i = 0; i < BATCH; i++) {
                assertThat(distance(expected.row(i), all.row(i))).isLessThan(TOLERANCE);
            }
            assertThat(first.batch()).isEqualTo(1);
            assertThat(distance(expected.row(0), first.row(0))).isLessThan(TOLERANCE);
        }
    }

    /** The norm of the difference, of the norm of what is expected. */
    private static double distance(float[] expected, float[] actual) {
        double difference = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow(expected[i] - actual[i], 2);
            size += Math.pow(expected[i], 2);
        }
        return Math.sqrt(difference / size);
    }

    private static Tensor computed(Network network, Map<String, Tensor> values, Tensor images) {
        try (Executable reference =
                new BigDlEngine(1).compileForInference(network, Set.of(Taps.LOGITS), images.batch())) {
            reference.load(values);
            Tensor logits = reference.forward(Map.of(Taps.IMAGE, images)).get(Taps.LOGITS);
            return new Tensor(logits.shape(), logits.values().clone());
        }
    }

    private static Tensor normalized(Tensor pixels) {
        float[] values = pixels.values().clone();
        int plane = pixels.shape().dimension(2) * pixels.shape().dimension(3);
        for (int i = 0; i < values.length; i++) {
            int channel = i / plane % MEAN.size();
            values[i] = (float) ((values[i] - MEAN.get(channel)) / DEVIATION.get(channel));
        }
        return new Tensor(pixels.shape(), values);
    }

    private static byte[] file(SavedModel model, Normalization normalization) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new OnnxFormat(normalization, "1.2.3 (abc)").write(model, out);
        return out.toByteArray();
    }

    /** Statistics, scales and biases of its own in each batch-norm; images that are not square. */
    private static SavedModel model(String name) {
        // What is made for ImageNet halves an image five times.
        Shape image = Zoo.names().contains(name) && Zoo.published(name).image().height() > 32
                ? Shape.of(3, 32, 64)
                : Shape.of(3, 32, 48);
        return new SavedModel(
                description(name, image),
                values(Zoo.create(name, image, CLASSES).network()));
    }

    private static ModelDescription description(String name, Shape image) {
        List<String> classes = Stream.iterate(1, i -> i + 1)
                .limit(CLASSES)
                .map(i -> "class \"" + i + "\"")
                .toList();
        return new ModelDescription(
                ModelDescription.FORMAT,
                name,
                image.dimensions(),
                classes,
                MEAN,
                DEVIATION,
                "0123abcd",
                Map.of("job", "distill", "distill.method", "kd", "dataset", "ü"));
    }

    private static Map<String, Tensor> values(Network network) {
        Map<String, Tensor> values = new LinkedHashMap<>();
        Stream.concat(network.parameters().stream(), network.statistics().stream())
                .forEach(spec -> values.put(spec.name(), Reproducible.parameter(spec.name(), spec.shape())));
        return values;
    }

    /** Each layer as {@code layer} of a network whose logits it makes. */
    static Stream<Network> layers() {
        return Stream.of(
                ofImage(new Convolution(4, 6, 3, 2, 1, 2).withBias()),
                ofImage(new TransposedConvolution(4, 3, 4, 2, 1).withBias()),
                ofImage(new BatchNorm(4, 0.3, 0.1)),
                ofImage(new Relu()),
                ofImage(new Relu6()),
                ofImage(new LeakyRelu(0.2)),
                ofImage(new Sigmoid()),
                ofImage(new ChannelSlice(1, 2)),
                ofImage(new ChannelShuffle(2)),
                ofImage(new MaxPool(3, 2, 1)),
                ofImage(new AveragePool(3, 2, 1)),
                ofImage(new GlobalAveragePool()),
                ofImage(new Flatten()),
                ofImage(new Upsample(3)),
                network(b -> b.add("layer", new Add(), Taps.IMAGE, b.add("relu", new Relu(), Taps.IMAGE))),
                network(b -> b.add("layer", new Add(), Taps.IMAGE, b.add("relu", new Relu(), Taps.IMAGE), Taps.IMAGE)),
                network(b -> b.add("layer", new Concat(), b.add("relu", new Relu(), Taps.IMAGE), Taps.IMAGE)),
                network(b -> b.add(
                        "layer",
                        new SpatialAttention(),
                        Taps.IMAGE,
                        b.add("gate", new ChannelSlice(2, 1), Taps.IMAGE))),
                network(b -> b.add("layer", new Linear(4, 5), b.add("mean", new GlobalAveragePool(), Taps.IMAGE))),
                network(b -> b.add("layer", new ParameterVector(3, 0.5f))));
    }

    private static Network ofImage(Layer layer) {
        return network(b -> b.add("layer", layer, Taps.IMAGE));
    }

    private interface Body {
        /** @return the name of the logits */
        String build(Network.Builder builder);
    }

    private static Network network(Body body) {
        Network.Builder b = Network.builder();
        b.input(Taps.IMAGE, Shape.of(4, 5, 6));
        return b.tap(Taps.LOGITS, body.build(b)).build();
    }

    @ParameterizedTest
    @MethodSource("layers")
    void everyLayerComputesWhatTheReferenceEngineDoes(Network network) throws OrtException {
        Tensor images =
                Reproducible.tensor("image", network.inputs().get(Taps.IMAGE).batched(BATCH), 20, 0);
        byte[] file =
                new OnnxGraph(network, values(network)).model("layer").build().toByteArray();

        same(computed(network, values(network), images), file, images);
    }

    @Test
    void noLayerIsForgotten() {
        Set<Class<?>> exported = new HashSet<>();
        layers().forEach(network ->
                network.nodes().forEach(node -> exported.add(node.layer().getClass())));

        assertThat(exported).containsExactlyInAnyOrder(Layer.class.getPermittedSubclasses());
    }

    @Test
    void parametersThatNodesShareAreThereOnce() throws OrtException {
        Network part = network(b -> b.add("layer", new Convolution(4, 4, 1, 1, 0, 1), Taps.IMAGE));
        Network.Builder b = Network.builder();
        String image = b.input(Taps.IMAGE, Shape.of(4, 5, 6));
        String once = b.include("one", part, Map.of(Taps.IMAGE, image)).get(Taps.LOGITS);
        String twice =
                b.includeSharing("two", part, Map.of(Taps.IMAGE, once), "one").get(Taps.LOGITS);
        Network network = b.tap(Taps.LOGITS, twice).build();
        Tensor images = Reproducible.tensor("image", Shape.of(BATCH, 4, 5, 6), 1, 0);

        ModelProto model =
                new OnnxGraph(network, values(network)).model("shared").build();

        assertThat(model.getGraph().getInitializerList()).hasSize(1);
        same(computed(network, values(network), images), model.toByteArray(), images);
    }

    @Test
    void theFileSaysWhatItTakesAndWhereItComesFrom() throws IOException, OrtException {
        SavedModel model = model("resnet8");
        byte[] file = file(model, Normalization.OUTSIDE);

        try (OnnxRuntime runtime = new OnnxRuntime(file)) {
            OrtSession session = runtime.session();
            assertThat(session.getInputNames()).containsExactly("image");
            assertThat(session.getOutputNames()).containsExactly("logits");
            assertThat(OnnxRuntime.described(session.getInputInfo(), "image")).isEqualTo("FLOAT batch,3,32,48");
            assertThat(OnnxRuntime.described(session.getOutputInfo(), "logits")).isEqualTo("FLOAT batch,7");
            assertThat(session.getMetadata().getGraphName()).isEqualTo("resnet8");
            assertThat(session.getMetadata().getProducerName()).isEqualTo("SFTN on Spark");
            Map<String, String> metadata = session.getMetadata().getCustomMetadata();
            assertThat(metadata)
                    .hasSize(8)
                    .containsEntry("architecture", "resnet8")
                    .containsEntry("classes", "7")
                    .containsEntry("mean", "[0.49,0.38,0.56]")
                    .containsEntry("standard_deviation", "[0.21,0.33,0.27]")
                    .containsEntry("normalization", "outside")
                    .containsEntry("weights_sha256", "0123abcd");
            ObjectMapper json = new ObjectMapper();
            assertThat(json.readValue(metadata.get("class_names"), new TypeReference<List<String>>() {}))
                    .isEqualTo(model.description().classNames());
            assertThat(json.readValue(metadata.get("provenance"), new TypeReference<Map<String, String>>() {}))
                    .isEqualTo(model.description().provenance());
        }
        ModelProto parsed = ModelProto.parseFrom(file);
        assertThat(parsed.getProducerVersion()).isEqualTo("1.2.3 (abc)");
        assertThat(parsed.getIrVersion()).isEqualTo(8);
        assertThat(parsed.getOpsetImport(0).getVersion()).isEqualTo(17);
        assertThat(parsed.getOpsetImportCount()).isEqualTo(1);
    }

    @Test
    void normalizationComesFirstAndBatchNormStays() throws IOException {
        SavedModel model = model("resnet8");

        assertThat(operators(file(model, Normalization.INSIDE)))
                .startsWith("Sub", "Div", "Conv", "BatchNormalization", "Relu")
                .endsWith("GlobalAveragePool", "Flatten", "Gemm");
        assertThat(operators(file(model, Normalization.OUTSIDE)))
                .startsWith("Conv", "BatchNormalization", "Relu")
                .doesNotContain("Sub", "Div");
    }

    private static List<String> operators(byte[] file) throws IOException {
        return ModelProto.parseFrom(file).getGraph().getNodeList().stream()
                .map(NodeProto::getOpType)
                .toList();
    }

    @Test
    void whatLogitsDoNotNeedIsLeftOut() throws IOException {
        // Its stages have a value for methods alone, before their last ReLU.
        assertThat(ModelProto.parseFrom(file(model("shufflenet_v2_32"), Normalization.OUTSIDE))
                        .getGraph()
                        .getNodeList())
                .extracting(NodeProto::getName)
                .contains("stage1.block3.concat")
                .noneMatch(name -> name.endsWith("before_relu"));
    }

    @Test
    void theSameModelGivesTheSameBytes() throws IOException {
        assertThat(file(model("resnet8"), Normalization.INSIDE))
                .isEqualTo(file(model("resnet8"), Normalization.INSIDE));
    }

    @Test
    void weightsOfAnotherNetworkAreRefused() {
        SavedModel model = model("resnet8");
        Map<String, Tensor> fewer = new LinkedHashMap<>(model.values());
        fewer.remove("bn1.running_var");
        Map<String, Tensor> other = new LinkedHashMap<>(model.values());
        other.put("fc.weight", Tensor.zeros(Shape.of(8, 64)));

        assertRefused(
                new SavedModel(model.description(), fewer), "bn1.running_var must be of 16, its weights have none");
        assertRefused(new SavedModel(model.description(), other), "fc.weight must be of 7x64, its weights have 8x64");
    }

    @Test
    void imagesThatCannotBeNormalizedAreRefused() {
        for (List<Double> deviation : Arrays.asList(List.of(1.0, 1.0), List.of(1.0, 0.0, 1.0))) {
            SavedModel model = model("resnet8");
            ModelDescription its = model.description();
            ModelDescription bad = new ModelDescription(
                    its.format(),
                    its.architecture(),
                    its.image(),
                    its.classNames(),
                    MEAN,
                    deviation,
                    its.weightsSha256(),
                    its.provenance());
            assertRefused(
                    new SavedModel(bad, model.values()),
                    "images of 3 channels cannot be normalized by mean [0.49, 0.38, 0.56] and deviation " + deviation);
        }
    }

    private static void assertRefused(SavedModel model, String reason) {
        assertThatThrownBy(() -> file(model, Normalization.OUTSIDE))
                .isInstanceOf(UserException.class)
                .hasMessage("the model (resnet8) cannot be exported: " + reason);
    }
}
