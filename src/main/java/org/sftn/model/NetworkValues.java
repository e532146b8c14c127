package org.sftn.model;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.sftn.conf.Printable;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/** What parameters and statistics cannot be. A ReLU may make 0 of what comes of such values, so that no output shows them. */
final class NetworkValues {
    private NetworkValues() {}

    /**
     * @param values by full name
     * @param shown gives the name that the user knows
     * @return the first value that is infinite, not a number, or a variance below 0; empty when there is none
     */
    static Optional<String> wrong(Map<String, Tensor> values, UnaryOperator<String> shown) {
        return values.entrySet().stream()
                .flatMap(entry -> {
                    boolean variance = entry.getKey().endsWith("." + BatchNorm.RUNNING_VARIANCE);
                    float[] all = entry.getValue().values();
                    return IntStream.range(0, all.length)
                            .filter(i -> !Float.isFinite(all[i]) || variance && all[i] < 0)
                            .limit(1)
                            .mapToObj(i -> String.format(
                                    Locale.ROOT,
                                    "%s[%s] is %s",
                                    Printable.of(shown.apply(entry.getKey())),
                                    index(entry.getValue().shape(), i),
                                    all[i]));
                })
                .findFirst();
    }

    /** As PyTorch would be asked for it. */
    private static String index(Shape shape, int place) {
        int[] index = new int[shape.rank()];
        int left = place;
        for (int axis = shape.rank() - 1; axis >= 0; axis--) {
            index[axis] = left % shape.dimension(axis);
            left /= shape.dimension(axis);
        }
        return IntStream.of(index).mapToObj(Integer::toString).collect(Collectors.joining(","));
    }
}
