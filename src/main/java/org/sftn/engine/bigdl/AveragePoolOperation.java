package org.sftn.engine.bigdl;

import java.util.Arrays;
import java.util.List;
import org.sftn.nn.AveragePool;

/** The mean of each window, in which padding counts. */
record AveragePoolOperation(Value input, Value output, AveragePool layer) implements Operation {
    /** The part of a window that lies on the map, by places in the whole batch: rows of it, and columns. */
    @FunctionalInterface
    private interface Window {
        void visit(int result, int fromRow, int toRow, int fromColumn, int toColumn);
    }

    @Override
    public List<Value> inputs() {
        return List.of(input);
    }

    private void eachWindow(Worker worker, Window window) {
        int channels = output.shape.channels();
        int height = input.shape.height();
        int width = input.shape.width();
        int next = worker.from * output.shape.elements();
        for (int map = worker.from * channels; map < worker.to * channels; map++) {
            for (int oy = 0; oy < output.shape.height(); oy++) {
                int top = oy * layer.stride() - layer.padding();
                int fromRow = map * height + Math.max(top, 0);
                int toRow = map * height + Math.min(top + layer.kernel(), height);
                for (int ox = 0; ox < output.shape.width(); ox++, next++) {
                    int left = ox * layer.stride() - layer.padding();
                    window.visit(next, fromRow, toRow, Math.max(left, 0), Math.min(left + layer.kernel(), width));
                }
            }
        }
    }

    @Override
    public void forward(Worker worker) {
        int width = input.shape.width();
        float area = layer.kernel() * layer.kernel();
        eachWindow(worker, (result, fromRow, toRow, fromColumn, toColumn) -> {
            double sum = 0;
            for (int row = fromRow; row < toRow; row++) {
                for (int i = row * width + fromColumn; i < row * width + toColumn; i++) {
                    sum += input.data[i];
                }
            }
            output.data[result] = (float) (sum / area);
        });
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        if (into.get(0) == Into.OVERWRITE) {
            int length = input.shape.elements();
            Arrays.fill(input.gradient, worker.from * length, worker.to * length, 0);
        }
        int width = input.shape.width();
        float area = layer.kernel() * layer.kernel();
        eachWindow(worker, (result, fromRow, toRow, fromColumn, toColumn) -> {
            float each = output.gradient[result] / area;
            for (int row = fromRow; row < toRow; row++) {
                for (int i = row * width + fromColumn; i < row * width + toColumn; i++) {
                    input.gradient[i] += each;
                }
            }
        });
    }
}
