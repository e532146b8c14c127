package org.sftn.train.exchange;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.sftn.conf.TrainingSettings.Wire;
import org.sftn.engine.ParameterRange;
import org.sftn.engine.TrainingExecutable;

/**
 * How values travel between ranks. The same on all ranks.
 *
 * @param summed what is to be summed
 * @param rounded the parts of the shared array that may reach other ranks rounded to bfloat16; in order, without overlaps. The rest
 *     travels as it is
 */
public record Format(Encoding summed, List<Slice> rounded) {
    /** Everything as it is. */
    public static final Format EXACT = new Format(Encoding.FP32, List.of());

    public Format {
        rounded = List.copyOf(rounded);
        int end = 0;
        for (Slice slice : rounded) {
            if (slice.offset() < end) {
                throw new IllegalArgumentException("slices overlap, or are not in order, at " + slice);
            }
            end = slice.offset() + slice.length();
        }
    }

    /** For gradients and weights of a network: weights that are rounded before they are used may be rounded before they travel. */
    public static Format of(Wire gradients, TrainingExecutable training) {
        List<Slice> rounded = new ArrayList<>();
        training.ranges().entrySet().stream()
                .filter(each -> training.rounded().contains(each.getKey()))
                .sorted(Comparator.comparingInt(each -> each.getValue().from()))
                .forEach(each -> {
                    ParameterRange range = each.getValue();
                    rounded.add(new Slice(range.from(), range.end() - range.from()));
                });
        return new Format(Encoding.of(gradients), rounded);
    }

    /** Neighbors in an array that travel alike. */
    record Run(int offset, int length, Encoding encoding) {}

    /** A slice of the shared array. */
    List<Run> shared(Slice slice) {
        List<Run> runs = new ArrayList<>();
        int from = slice.offset();
        int end = slice.offset() + slice.length();
        for (Slice each : rounded) {
            int start = Math.max(from, each.offset());
            int stop = Math.min(end, each.offset() + each.length());
            if (start < stop) {
                add(runs, from, start, Encoding.FP32);
                add(runs, start, stop, Encoding.BF16);
                from = stop;
            }
        }
        add(runs, from, end, Encoding.FP32);
        return List.copyOf(runs);
    }

    private static void add(List<Run> runs, int from, int end, Encoding encoding) {
        if (from < end) {
            runs.add(new Run(from, end - from, encoding));
        }
    }

    static List<Run> all(Slice slice, Encoding encoding) {
        List<Run> runs = new ArrayList<>();
        add(runs, slice.offset(), slice.offset() + slice.length(), encoding);
        return runs;
    }
}
