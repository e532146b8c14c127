package org.sftn.engine.bigdl;

import java.util.Arrays;
import java.util.List;
import org.sftn.nn.MaxPool;

/** The maximum of each window; NaN is the largest value. */
final class MaxPoolOperation implements Operation {
    private final Value input;
    private final Value output;
    private final MaxPool layer;
    private final Mode mode;
    /** By worker and output of its images, the place in the input of the last forward pass's maximum. */
    private final int[][] maxima;

    MaxPoolOperation(Value input, Value output, MaxPool layer, Mode mode, int workers) {
        this.input = input;
        this.output = output;
        this.layer = layer;
        this.mode = mode;
        maxima = new int[workers][0];
    }

    @Override
    public List<Value> inputs() {
        return List.of(input);
    }

    @Override
    public Value output() {
        return output;
    }

    @Override
    public void forward(Worker worker) {
        int channels = output.shape.channels();
        int height = input.shape.height();
        int width = input.shape.width();
        int first = worker.from * output.shape.elements();
        int last = worker.to * output.shape.elements();
        if (mode == Mode.TRAINING && maxima[worker.index].length != last - first) {
            maxima[worker.index] = new int[last - first];
        }
        int next = first;
        for (int map = worker.from * channels; map < worker.to * channels; map++) {
            for (int oy = 0; oy < output.shape.height(); oy++) {
                int top = oy * layer.stride() - layer.padding();
                int fromY = Math.max(top, 0);
                int toY = Math.min(top + layer.kernel(), height);
                for (int ox = 0; ox < output.shape.width(); ox++, next++) {
                    int left = ox * layer.stride() - layer.padding();
                    int fromX = Math.max(left, 0);
                    int toX = Math.min(left + layer.kernel(), width);
                    int maximum = maximum(map * height, fromY, toY, fromX, toX);
                    output.data[next] = input.data[maximum];
                    if (mode == Mode.TRAINING) {
                        maxima[worker.index][next - first] = maximum;
                    }
                }
            }
        }
    }

    /** The place of the first NaN in a window, or else of the first of its largest values. */
    private int maximum(int rowsBefore, int fromY, int toY, int fromX, int toX) {
        int width = input.shape.width();
        int place = (rowsBefore + fromY) * width + fromX;
        float maximum = input.data[place];
        for (int y = rowsBefore + fromY; y < rowsBefore + toY; y++) {
            for (int i = y * width + fromX; i < y * width + toX; i++) {
                float x = input.data[i];
                if (x > maximum || (Float.isNaN(x) && !Float.isNaN(maximum))) {
                    maximum = x;
                    place = i;
                }
            }
        }
        return place;
    }

    @Override
    public void backward(Worker worker, List<Into> into) {
        if (into.get(0) == Into.OVERWRITE) {
            int length = input.shape.elements();
            Arrays.fill(input.gradient, worker.from * length, worker.to * length, 0);
        }
        int[] own = maxima[worker.index];
        int first = worker.from * output.shape.elements();
        for (int i = 0; i < own.length; i++) {
            input.gradient[own[i]] += output.gradient[first + i];
        }
    }
}
