package org.sftn.engine.bigdl;

import java.util.Arrays;
import java.util.List;

/** A map times weights of one channel. */
record SpatialAttentionOperation(Value map, Value gate, Value output) implements Operation {
    @Override
    public List<Value> inputs() {
        return List.of(map, gate);
    }

    private int area() {
        return gate.shape.elements();
    }

    @Override
    public void forward(Worker worker) {
        int channels = output.shape.channels();
        for (int i = worker.from * channels; i < worker.to * channels; i++) {
            int at = i * area();
            int gateAt = i / channels * area();
            for (int p = 0; p < area(); p++) {
                output.data[at + p] = map.data[at + p] * gate.data[gateAt + p];
            }
        }
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        if (into.get(0) != Into.NOTHING) {
            passToMap(worker, into.get(0));
        }
        if (into.get(1) != Into.NOTHING) {
            passToGate(worker, into.get(1));
        }
    }

    private void passToMap(Worker worker, Into into) {
        int channels = output.shape.channels();
        for (int i = worker.from * channels; i < worker.to * channels; i++) {
            int at = i * area();
            int gateAt = i / channels * area();
            for (int p = 0; p < area(); p++) {
                float gradient = output.gradient[at + p] * gate.data[gateAt + p];
                map.gradient[at + p] = into == Into.ADD ? map.gradient[at + p] + gradient : gradient;
            }
        }
    }

    private void passToGate(Worker worker, Into into) {
        int channels = output.shape.channels();
        if (into == Into.OVERWRITE) {
            Arrays.fill(gate.gradient, worker.from * area(), worker.to * area(), 0);
        }
        for (int i = worker.from * channels; i < worker.to * channels; i++) {
            int at = i * area();
            int gateAt = i / channels * area();
            for (int p = 0; p < area(); p++) {
                gate.gradient[gateAt + p] += output.gradient[at + p] * map.data[at + p];
            }
        }
    }

    @Override
    public boolean elementwise() {
        // One value of the gate serves all channels, so that nothing may be written over it.
        return false;
    }

    @Override
    public boolean needsInput() {
        return true;
    }
}
