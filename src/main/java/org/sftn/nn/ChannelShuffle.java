package org.sftn.nn;

import java.util.List;

/**
 * Reorders the channels of a map (Zhang et al. 2018, arXiv 1707.01083): channel {@code g * c/groups + i} becomes channel {@code
 * i * groups + g}. PyTorch's {@code nn.ChannelShuffle}.
 *
 * @param groups at least 2; divides the channels
 */
public record ChannelShuffle(int groups) implements Layer {
    public ChannelShuffle {
        if (groups < 2) {
            throw new IllegalArgumentException("a channel shuffle cannot have groups " + groups);
        }
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Layer.onlyMap("channel shuffle", inputs);
        if (input.channels() % groups != 0) {
            throw new IllegalArgumentException("channel shuffle of " + input + " in " + groups + " groups");
        }
        return input;
    }
}
