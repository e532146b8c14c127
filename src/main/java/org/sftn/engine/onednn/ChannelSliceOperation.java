package org.sftn.engine.onednn;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;

/** Slices of one value that have no channel in common: together they write its gradient once. */
final class ChannelSliceOperation implements Operation {
    private final Value input;
    private final SortedMap<Integer, Value> outputs;

    /** @param outputs by their first channel */
    ChannelSliceOperation(Value input, SortedMap<Integer, Value> outputs) {
        this.input = input;
        this.outputs = outputs;
    }

    @Override
    public void forward(Recorder recorder) {
        outputs.forEach(
                (from, output) -> output.setData(recorder.program().channels(output.name, input.data(), from, output)));
    }

    @Override
    public void backward(Recorder recorder) {
        if (!input.trained) {
            return;
        }
        List<Buffer> parts = new ArrayList<>();
        int next = 0;
        for (Map.Entry<Integer, Value> each : outputs.entrySet()) {
            addZeros(recorder, parts, each.getKey() - next);
            parts.add(each.getValue().gradient());
            next = each.getKey() + each.getValue().channels();
        }
        addZeros(recorder, parts, input.channels() - next);
        recorder.contribute(
                input, recorder.program().concatenated(input.name + " slices gradient", parts, input.layout));
    }

    private void addZeros(Recorder recorder, List<Buffer> parts, int channels) {
        if (channels > 0) {
            dnnl_memory_desc layout = recorder.handles()
                    .layout(input.type, dnnl.dnnl_acdb, input.batch, channels, input.height(), input.width());
            parts.add(recorder.program().zeroed("zeros", layout));
        }
    }
}
