package org.sftn.export;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.sftn.conf.Json;
import org.sftn.model.ModelDescription;
import org.sftn.model.SavedModel;

/**
 * ONNX (onnx.ai), fp32, for inference. The input {@code image} is {@code batch x channels x height x width}, channels red,
 * green, blue; the output {@code logits} is {@code batch x classes}; the batch may be of any size. What {@code model.json} says
 * is in the metadata, by the same names.
 *
 * @param normalization whether the graph normalizes images
 * @param producerVersion the version of this program
 */
public record OnnxFormat(Normalization normalization, String producerVersion) implements ModelFormat {
    /** Where mean and deviation of the training images are applied. */
    public enum Normalization {
        /** In the graph: it takes images in [0, 1]. */
        INSIDE,
        /** By who calls it: the graph takes images that are normalized, as the training saw them. */
        OUTSIDE
    }

    private static final String PRODUCER = "SFTN on Spark";

    @Override
    public void write(SavedModel model, OutputStream out) throws IOException {
        ModelDescription description = model.description();
        OnnxGraph graph = new OnnxGraph(SavedNetwork.of(model), model.values());
        if (normalization == Normalization.INSIDE) {
            graph.normalize(description.mean(), description.standardDeviation());
        }
        ModelProto.Builder file = graph.model(description.architecture())
                .setProducerName(PRODUCER)
                .setProducerVersion(producerVersion);
        metadata(description)
                .forEach((key, value) -> file.addMetadataProps(
                        StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
        file.build().writeTo(out);
    }

    private Map<String, String> metadata(ModelDescription description) throws JsonProcessingException {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("architecture", description.architecture());
        metadata.put("classes", String.valueOf(description.classes()));
        metadata.put("class_names", Json.line(description.classNames()));
        metadata.put("mean", Json.line(description.mean()));
        metadata.put("standard_deviation", Json.line(description.standardDeviation()));
        metadata.put("normalization", normalization.name().toLowerCase(Locale.ROOT));
        metadata.put("weights_sha256", description.weightsSha256());
        metadata.put("provenance", Json.line(description.provenance()));
        return metadata;
    }
}
