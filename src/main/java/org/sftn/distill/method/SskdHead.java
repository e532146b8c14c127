package org.sftn.distill.method;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sftn.distill.DistillationMethod;
import org.sftn.distill.MethodContext;
import org.sftn.distill.MethodLoss;
import org.sftn.distill.Views;
import org.sftn.nn.Linear;
import org.sftn.nn.Network;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.loss.CrossEntropy;

/**
 * What comes before {@link Sskd}: a head on the teacher's pooled features learns to find the plain image that a turned one is a view
 * of, by the cross-entropy of its cosines with the plain images of the local batch, as they are.
 *
 * @param features of the teacher
 */
record SskdHead(int features) implements DistillationMethod {
    static final String PROJECTION = "projection";
    private static final String VECTORS = MODULE + PROJECTION;

    /** A linear layer, ReLU and a linear layer, all of the same size, to the tap {@link #PROJECTION}. */
    static Network of(String name, String input, int features) {
        Network.Builder builder = Network.builder();
        String value = builder.input(input, Shape.of(features));
        value = builder.add(name + ".linear1", new Linear(features, features), value);
        value = builder.add(name + ".relu", new Relu(), value);
        value = builder.add(name + ".linear2", new Linear(features, features), value);
        return builder.tap(PROJECTION, value).build();
    }

    /** The teacher's, which {@link Sskd} finds by its names. */
    static Network ofTeacher(int features) {
        return of("teacher-head", TEACHER + Taps.POOLED, features);
    }

    @Override
    public Set<String> needs() {
        return Set.of(VECTORS);
    }

    @Override
    public Optional<Network> module() {
        return Optional.of(ofTeacher(features));
    }

    @Override
    public Views views() {
        return Views.ROTATED;
    }

    @Override
    public List<String> notes(long images, int batch) {
        return List.of(LocalBatch.note(batch));
    }

    @Override
    public MethodLoss open(MethodContext context) {
        return (values, batch, epoch) -> {
            RotatedSimilarity similarity = RotatedSimilarity.of(values.get(VECTORS), context.arithmetic());
            CrossEntropy loss = CrossEntropy.of(similarity.cosines(), similarity.targets());
            Tensor gradient = similarity.backward(loss.gradient());
            return new MethodLoss.Term(loss.value(), Map.of(VECTORS, gradient));
        };
    }
}
