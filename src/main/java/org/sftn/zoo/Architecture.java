package org.sftn.zoo;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;

/**
 * A classifier cut into parts. A part's node and tap names are those of the whole network; each but the stem has the one
 * input {@link #FEATURES}. Every part has the tap of its own output: {@link Taps#STEM}, {@link Taps#stage}, {@link Taps#LOGITS}.
 *
 * @param name in the zoo
 * @param image {@code channels x height x width}
 * @param classes at least 2
 * @param stem from {@link Taps#IMAGE} to the tap {@link Taps#STEM}
 * @param stages each from the output of the one before (the first: the stem's) to the tap {@link Taps#stage}
 * @param head from the last stage's output to the taps {@link Taps#LAST_MAP}, {@link Taps#POOLED} and {@link
 *     Taps#LOGITS}
 * @param referenceModules from a node's name to that of the module in PyTorch where the network comes from; see {@link #referenceName}
 */
public record Architecture(
        String name,
        Shape image,
        int classes,
        Network stem,
        List<Network> stages,
        Network head,
        UnaryOperator<String> referenceModules) {
    /** The input of stages and head. */
    public static final String FEATURES = "features";

    public Architecture {
        stages = List.copyOf(stages);
    }

    /** The whole network, from {@link Taps#IMAGE} to {@link Taps#LOGITS}. */
    public Network network() {
        Network.Builder builder = Network.builder();
        String image = builder.input(Taps.IMAGE, this.image);
        String stem = builder.include("", this.stem, Map.of(Taps.IMAGE, image)).get(Taps.STEM);
        return following(builder, 0, stem);
    }

    /**
     * What a parameter or running statistic is called in the {@code state_dict()} of torchvision, for networks for ImageNet, or of
     * RepDistiller (github.com/HobbitLong/RepDistiller), for networks for CIFAR. Different names stay different.
     *
     * @param name in {@link #network}; of a network without such a reference it stays
     */
    public String referenceName(String name) {
        int dot = name.lastIndexOf('.');
        return referenceModules.apply(name.substring(0, dot)) + name.substring(dot);
    }

    /**
     * What follows a stage: the later stages and the head, from the one input {@link #FEATURES} of that stage's output shape.
     *
     * @param stage from 1 to the number of stages
     */
    public Network tail(int stage) {
        Network.Builder builder = Network.builder();
        return following(builder, stage, builder.input(FEATURES, stageShape(stage)));
    }

    /**
     * The shape of a stage's output.
     *
     * @param stage from 1 to the number of stages
     */
    public Shape stageShape(int stage) {
        if (stage < 1 || stage > stages.size()) {
            throw new IllegalArgumentException(name + " has stages 1 to " + stages.size() + ", not " + stage);
        }
        return stages.get(stage - 1).tapShape(Taps.stage(stage));
    }

    private Network following(Network.Builder builder, int stage, String value) {
        String features = value;
        Map<String, String> taps = new LinkedHashMap<>();
        for (int next = stage + 1; next <= stages.size(); next++) {
            taps.putAll(builder.include("", stages.get(next - 1), Map.of(FEATURES, features)));
            features = taps.get(Taps.stage(next));
        }
        builder.include("", head, Map.of(FEATURES, features));
        return builder.build();
    }
}
