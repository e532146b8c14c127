package org.sftn.nn;

import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * Tells networks that compute something else from each other. It is saved with checkpoints, so it has names of its own for layers: classes
 * and their components may be renamed.
 */
public final class NetworkIdentity {
    static final Map<Class<? extends Layer>, String> NAMES = Map.ofEntries(
            Map.entry(Add.class, "add"),
            Map.entry(AveragePool.class, "average-pool"),
            Map.entry(BatchNorm.class, "batch-norm"),
            Map.entry(ChannelShuffle.class, "channel-shuffle"),
            Map.entry(ChannelSlice.class, "channel-slice"),
            Map.entry(Concat.class, "concat"),
            Map.entry(Convolution.class, "convolution"),
            Map.entry(Flatten.class, "flatten"),
            Map.entry(GlobalAveragePool.class, "global-average-pool"),
            Map.entry(LeakyRelu.class, "leaky-relu"),
            Map.entry(Linear.class, "linear"),
            Map.entry(MaxPool.class, "max-pool"),
            Map.entry(ParameterVector.class, "parameter-vector"),
            Map.entry(Relu.class, "relu"),
            Map.entry(Relu6.class, "relu6"),
            Map.entry(Sigmoid.class, "sigmoid"),
            Map.entry(SpatialAttention.class, "spatial-attention"),
            Map.entry(TransposedConvolution.class, "transposed-convolution"),
            Map.entry(Upsample.class, "upsample"));

    private NetworkIdentity() {}

    /** Of nodes in their order with inputs and owners of parameters, and of the taps: eight hexadecimal digits. */
    public static String of(Network network) {
        StringBuilder text = new StringBuilder();
        network.inputs()
                .forEach((name, shape) ->
                        text.append(name).append(' ').append(shape.dimensions()).append('\n'));
        for (Network.Node node : network.nodes()) {
            text.append(String.join(" ", node.name(), of(node.layer()), String.join(",", node.inputs()), node.owner()))
                    .append('\n');
        }
        new TreeMap<>(network.taps())
                .forEach((tap, value) ->
                        text.append(tap).append(' ').append(value).append('\n'));
        CRC32C crc = new CRC32C();
        crc.update(text.toString().getBytes(StandardCharsets.UTF_8));
        return String.format(Locale.ROOT, "%08x", crc.getValue());
    }

    /** Its name with its hyper-parameters in their order, such as {@code max-pool[2, 2, 0]}. */
    static String of(Layer layer) {
        List<Object> values = new ArrayList<>();
        for (RecordComponent component : layer.getClass().getRecordComponents()) {
            try {
                values.add(component.getAccessor().invoke(layer));
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(layer + " cannot be read", e);
            }
        }
        return NAMES.get(layer.getClass()) + values;
    }
}
