package org.sftn.nn;

import java.util.List;
import java.util.Locale;

/**
 * Some consecutive channels of a map; in PyTorch {@code x.narrow(1, from, channels)}.
 *
 * @param from the first, from 0
 * @param channels how many
 */
public record ChannelSlice(int from, int channels) implements Layer {
    public ChannelSlice {
        if (from < 0 || channels < 1) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "a slice cannot have %d channels from %d", channels, from));
        }
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Layer.onlyMap("channel slice", inputs);
        if (from + channels > input.channels()) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT, "channel slice: there are no %d channels from %d of %s", channels, from, input));
        }
        return Shape.of(channels, input.height(), input.width());
    }
}
