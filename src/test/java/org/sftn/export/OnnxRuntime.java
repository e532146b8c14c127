package org.sftn.export;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.TensorInfo;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/** An ONNX file in Microsoft's ONNX Runtime, which reads and computes it by code of its own. */
public final class OnnxRuntime implements AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;

    public OnnxRuntime(byte[] file) throws OrtException {
        try (SessionOptions options = new SessionOptions()) {
            options.setIntraOpNumThreads(1);
            session = environment.createSession(file, options);
        }
    }

    /** The output {@code logits} for the input {@code image}. */
    public Tensor logits(Tensor image) throws OrtException {
        long[] shape = image.shape().dimensions().stream().mapToLong(i -> i).toArray();
        try (OnnxTensor input = OnnxTensor.createTensor(environment, FloatBuffer.wrap(image.values()), shape);
                OrtSession.Result result = session.run(Map.of("image", input))) {
            OnnxTensor logits = (OnnxTensor) result.get("logits").orElseThrow();
            int[] dimensions = Arrays.stream(logits.getInfo().getShape())
                    .mapToInt(Math::toIntExact)
                    .toArray();
            FloatBuffer buffer = logits.getFloatBuffer();
            float[] values = new float[buffer.remaining()];
            buffer.get(values);
            return new Tensor(Shape.of(dimensions), values);
        }
    }

    /** By name: the type and the dimensions, those that are free by name, such as {@code FLOAT batch,3,32,32}. */
    static String described(Map<String, NodeInfo> nodes, String name) {
        TensorInfo info = (TensorInfo) nodes.get(name).getInfo();
        StringBuilder text = new StringBuilder(info.type + " ");
        for (int i = 0; i < info.getShape().length; i++) {
            String free = info.getDimensionNames()[i];
            text.append(i == 0 ? "" : ",").append(free.isEmpty() ? String.valueOf(info.getShape()[i]) : free);
        }
        return text.toString();
    }

    OrtSession session() {
        return session;
    }

    @Override
    public void close() throws OrtException {
        session.close();
    }
}
