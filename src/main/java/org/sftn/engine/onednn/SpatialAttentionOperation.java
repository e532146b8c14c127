package org.sftn.engine.onednn;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;

/** A map times weights of one channel. */
final class SpatialAttentionOperation implements Operation {
    private final Value map;
    private final Value gate;
    private final Value output;

    SpatialAttentionOperation(Value map, Value gate, Value output) {
        this.map = map;
        this.gate = gate;
        this.output = output;
    }

    @Override
    public void forward(Recorder recorder) {
        output.setData(product(recorder, output.name + " gate", map.data(), gate));
    }

    private Buffer product(Recorder recorder, String name, Buffer one, Value other) {
        Handles handles = recorder.handles();
        Buffer product = recorder.program().value(output.layout);
        recorder.program()
                .step(
                        name,
                        handles.description(
                                "a product",
                                d -> dnnl.dnnl_binary_primitive_desc_create(
                                        d,
                                        handles.library().engine(),
                                        dnnl.dnnl_binary_mul,
                                        output.layout,
                                        other.layout,
                                        output.layout,
                                        handles.attributes())))
                .with(dnnl.DNNL_ARG_SRC_0, one)
                .with(dnnl.DNNL_ARG_SRC_1, other.data())
                .in(dnnl.DNNL_ARG_DST, product, one);
        return product;
    }

    @Override
    public void backward(Recorder recorder) {
        if (map.trained) {
            recorder.contribute(map, product(recorder, output.name + " gate's map gradient", output.gradient(), gate));
        }
        if (gate.trained) {
            Buffer products = product(recorder, output.name + " gate gradient", output.gradient(), map);
            recorder.contribute(gate, summed(recorder, products));
        }
    }

    /** Records the sum over channels as a product of matrices: oneDNN's reduction takes ten times as long. */
    private Buffer summed(Recorder recorder, Buffer products) {
        Handles handles = recorder.handles();
        long pixels = (long) output.batch * output.height() * output.width();
        dnnl_memory_desc rows = handles.layout(output.type, dnnl.dnnl_ab, pixels, output.channels());
        dnnl_memory_desc column = handles.layout(output.type, dnnl.dnnl_ab, output.channels(), 1);
        dnnl_memory_desc sums = handles.layout(gate.type, dnnl.dnnl_ab, pixels, 1);
        Buffer ones = recorder.ones(column);
        Buffer sum = recorder.program().value(gate.layout);
        recorder.program()
                .step(
                        output.name + " gate gradient sum",
                        handles.description(
                                "a sum over channels",
                                d -> dnnl.dnnl_matmul_primitive_desc_create(
                                        d, handles.library().engine(), rows, column, null, sums, handles.attributes())))
                .with(dnnl.DNNL_ARG_SRC, products, rows)
                .with(dnnl.DNNL_ARG_WEIGHTS, ones)
                .with(dnnl.DNNL_ARG_DST, sum, sums);
        return sum;
    }
}
