package org.sftn.export;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnx.proto.OnnxMl.Version;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
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
import org.sftn.nn.ParameterSpec;
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

/**
 * The part of a network that makes its logits, in evaluation mode, as an ONNX graph (the operators are those of
 * github.com/onnx/onnx/blob/main/docs/Operators.md). Weights keep their names. A node keeps its name and so does the value that it
 * makes; what a layer needs besides is named after it, with a slash.
 */
final class OnnxGraph {
    /** ONNX 1.12's, of 2022: it has all operators that are needed here, and newer programs read older sets. */
    private static final int OPSET = 17;
    /** The version of the file format that came with that operator set. */
    private static final int FORMAT = Version.IR_VERSION_2021_7_30_VALUE;

    private static final String BATCH = "batch";

    private final Network network;
    private final Map<String, Tensor> values;
    private final GraphProto.Builder graph = GraphProto.newBuilder();
    /** By the network's name of a value its name in the graph, where that is another. */
    private final Map<String, String> names = new HashMap<>();

    private final Set<String> held = new HashSet<>();

    /**
     * @param network has the input {@link Taps#IMAGE} alone and the tap {@link Taps#LOGITS}
     * @param values of all its parameters and statistics
     */
    OnnxGraph(Network network, Map<String, Tensor> values) {
        this.network = network.restrictedTo(Set.of(Taps.LOGITS));
        this.values = values;
        names.put(this.network.tap(Taps.LOGITS), Taps.LOGITS);
        graph.addInput(described(Taps.IMAGE, network.inputs().get(Taps.IMAGE)));
        graph.addOutput(described(Taps.LOGITS, network.tapShape(Taps.LOGITS)));
    }

    /** Makes the network see images minus mean, divided by deviation. */
    void normalize(List<Double> mean, List<Double> deviation) {
        String centered = Taps.IMAGE + "/centered";
        String normalized = Taps.IMAGE + "/normalized";
        add(centered, operator("Sub", List.of(Taps.IMAGE, byChannel(Taps.IMAGE + "/mean", mean))));
        add(normalized, operator("Div", List.of(centered, byChannel(Taps.IMAGE + "/deviation", deviation))));
        names.put(Taps.IMAGE, normalized);
    }

    /** @param name of the graph */
    ModelProto.Builder model(String name) {
        for (Network.Node node : network.nodes()) {
            add(node.name(), operator(node, inputs(node)));
        }
        return ModelProto.newBuilder()
                .setIrVersion(FORMAT)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
                .setGraph(graph.setName(name));
    }

    /** The node's inputs, its parameters and its statistics: for all layers that have some, ONNX has the same order. */
    private List<String> inputs(Network.Node node) {
        List<String> inputs = new ArrayList<>();
        node.inputs().forEach(input -> inputs.add(named(input)));
        Stream.of(node.layer().parameters(), node.layer().statistics())
                .flatMap(List::stream)
                .forEach(spec -> inputs.add(held(spec.under(node.owner()))));
        return inputs;
    }

    private NodeProto.Builder operator(Network.Node node, List<String> inputs) {
        Layer layer = node.layer();
        if (layer instanceof Convolution convolution) {
            return operator(
                    "Conv",
                    inputs,
                    square("kernel_shape", convolution.kernel()),
                    square("strides", convolution.stride()),
                    padding(convolution.padding()),
                    integer("group", convolution.groups()));
        }
        if (layer instanceof TransposedConvolution convolution) {
            return operator(
                    "ConvTranspose",
                    inputs,
                    square("kernel_shape", convolution.kernel()),
                    square("strides", convolution.stride()),
                    padding(convolution.padding()));
        }
        if (layer instanceof Linear) {
            return operator("Gemm", inputs, integer("transB", 1));
        }
        if (layer instanceof ParameterVector vector) {
            return learned(node.name(), vector, inputs);
        }
        if (layer instanceof BatchNorm norm) {
            return operator("BatchNormalization", inputs, real("epsilon", norm.epsilon()));
        }
        if (layer instanceof Relu) {
            return operator("Relu", inputs);
        }
        if (layer instanceof Relu6) {
            return operator(
                    "Clip",
                    followedBy(inputs, scalar(node.name() + "/lowest", 0), scalar(node.name() + "/highest", 6)));
        }
        if (layer instanceof LeakyRelu leaky) {
            return operator("LeakyRelu", inputs, real("alpha", leaky.slope()));
        }
        if (layer instanceof Sigmoid) {
            return operator("Sigmoid", inputs);
        }
        if (layer instanceof Add) {
            // Programs look for Add, which takes two, to join it with its neighbors.
            return operator(inputs.size() == 2 ? "Add" : "Sum", inputs);
        }
        if (layer instanceof SpatialAttention) {
            return operator("Mul", inputs);
        }
        if (layer instanceof Concat) {
            return operator("Concat", inputs, integer("axis", 1));
        }
        if (layer instanceof ChannelSlice slice) {
            return operator(
                    "Slice",
                    followedBy(
                            inputs,
                            integers(node.name() + "/from", slice.from()),
                            integers(node.name() + "/to", slice.from() + slice.channels()),
                            integers(node.name() + "/axis", 1)));
        }
        if (layer instanceof ChannelShuffle shuffle) {
            return shuffled(node.name(), shuffle, inputs);
        }
        if (layer instanceof MaxPool pool) {
            return operator(
                    "MaxPool",
                    inputs,
                    square("kernel_shape", pool.kernel()),
                    square("strides", pool.stride()),
                    padding(pool.padding()));
        }
        if (layer instanceof AveragePool pool) {
            return operator(
                    "AveragePool",
                    inputs,
                    square("kernel_shape", pool.kernel()),
                    square("strides", pool.stride()),
                    padding(pool.padding()),
                    integer("count_include_pad", 1));
        }
        if (layer instanceof GlobalAveragePool) {
            String mean = add(node.name() + "/mean", operator("GlobalAveragePool", inputs));
            return operator("Flatten", List.of(mean));
        }
        if (layer instanceof Flatten) {
            return operator("Flatten", inputs);
        }
        if (layer instanceof Upsample upsample) {
            String scales = floats(node.name() + "/scales", List.of(4L), 1, 1, upsample.factor(), upsample.factor());
            // The empty name stands for the region of interest, which is not given.
            return operator(
                    "Resize",
                    followedBy(inputs, "", scales),
                    text("mode", "nearest"),
                    text("coordinate_transformation_mode", "asymmetric"),
                    text("nearest_mode", "floor"));
        }
        throw new IllegalArgumentException("ONNX has no operator for node " + node.name() + ": " + layer);
    }

    /** The vector for every image: the batch's size is known when the graph runs. */
    private NodeProto.Builder learned(String name, ParameterVector vector, List<String> weight) {
        String batch =
                add(name + "/batch", operator("Shape", List.of(Taps.IMAGE), integer("start", 0), integer("end", 1)));
        String shape = add(
                name + "/shape",
                operator("Concat", List.of(batch, integers(name + "/size", vector.size())), integer("axis", 0)));
        return operator("Expand", followedBy(weight, shape));
    }

    private NodeProto.Builder shuffled(String name, ChannelShuffle shuffle, List<String> inputs) {
        Shape map = network.shape(name);
        int groups = shuffle.groups();
        // A 0 keeps the batch as it is.
        String grouped = add(
                name + "/grouped",
                operator(
                        "Reshape",
                        followedBy(
                                inputs,
                                integers(
                                        name + "/groups",
                                        0,
                                        groups,
                                        map.channels() / groups,
                                        map.height(),
                                        map.width()))));
        String turned =
                add(name + "/turned", operator("Transpose", List.of(grouped), integerList("perm", 0, 2, 1, 3, 4)));
        return operator(
                "Reshape", List.of(turned, integers(name + "/shape", 0, map.channels(), map.height(), map.width())));
    }

    private static List<String> followedBy(List<String> inputs, String... more) {
        return Stream.concat(inputs.stream(), Arrays.stream(more)).toList();
    }

    private static NodeProto.Builder operator(String type, List<String> inputs, AttributeProto... attributes) {
        return NodeProto.newBuilder().setOpType(type).addAllInput(inputs).addAllAttribute(Arrays.asList(attributes));
    }

    /** @return the name of what it makes */
    private String add(String name, NodeProto.Builder operator) {
        String output = named(name);
        graph.addNode(operator.setName(name).addOutput(output));
        return output;
    }

    private String named(String value) {
        return names.getOrDefault(value, value);
    }

    private static AttributeProto square(String name, int side) {
        return integerList(name, side, side);
    }

    /** On all sides. */
    private static AttributeProto padding(int padding) {
        return integerList("pads", padding, padding, padding, padding);
    }

    private static AttributeProto integerList(String name, long... integers) {
        AttributeProto.Builder attribute =
                AttributeProto.newBuilder().setName(name).setType(AttributeType.INTS);
        Arrays.stream(integers).forEach(attribute::addInts);
        return attribute.build();
    }

    private static AttributeProto integer(String name, long value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeType.INT)
                .setI(value)
                .build();
    }

    private static AttributeProto real(String name, double value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeType.FLOAT)
                .setF((float) value)
                .build();
    }

    private static AttributeProto text(String name, String value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeType.STRING)
                .setS(ByteString.copyFromUtf8(value))
                .build();
    }

    /** A parameter or statistic, which several nodes may share. */
    private String held(ParameterSpec spec) {
        if (held.add(spec.name())) {
            List<Long> dimensions =
                    spec.shape().dimensions().stream().map(Integer::longValue).toList();
            floats(spec.name(), dimensions, values.get(spec.name()).values());
        }
        return spec.name();
    }

    private String byChannel(String name, List<Double> values) {
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values.get(i).floatValue();
        }
        return floats(name, List.of((long) floats.length, 1L, 1L), floats);
    }

    private String scalar(String name, float value) {
        return floats(name, List.of(), value);
    }

    private String floats(String name, List<Long> dimensions, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        graph.addInitializer(TensorProto.newBuilder()
                .setName(name)
                .setDataType(TensorProto.DataType.FLOAT_VALUE)
                .addAllDims(dimensions)
                .setRawData(UnsafeByteOperations.unsafeWrap(bytes)));
        return name;
    }

    /** A vector. */
    private String integers(String name, long... values) {
        TensorProto.Builder tensor = TensorProto.newBuilder()
                .setName(name)
                .setDataType(TensorProto.DataType.INT64_VALUE)
                .addDims(values.length);
        Arrays.stream(values).forEach(tensor::addInt64Data);
        graph.addInitializer(tensor);
        return name;
    }

    private static ValueInfoProto.Builder described(String name, Shape shape) {
        TensorShapeProto.Builder batched =
                TensorShapeProto.newBuilder().addDim(Dimension.newBuilder().setDimParam(BATCH));
        shape.dimensions().forEach(size -> batched.addDim(Dimension.newBuilder().setDimValue(size)));
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(TypeProto.Tensor.newBuilder()
                                .setElemType(TensorProto.DataType.FLOAT_VALUE)
                                .setShape(batched)));
    }
}
