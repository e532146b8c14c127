package org.sftn.engine.onednn;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.sftn.conf.EngineSettings;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.conf.UserException;
import org.sftn.engine.Engine;
import org.sftn.engine.Engines;
import org.sftn.engine.TrainingExecutable;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.zoo.Zoo;

/** Says which engine {@code onednn} becomes in this process, after a step with it, or why there is none. */
final class Described {
    private Described() {}

    public static void main(String[] arguments) {
        try {
            Precision precision = Precision.valueOf(arguments[0].toUpperCase(Locale.ROOT));
            Engine engine = Engines.create(new EngineSettings("onednn", precision, 1), 1);
            Network network = Zoo.create("resnet8", Shape.of(3, 8, 8), 5).network();
            try (TrainingExecutable training = engine.compileForTraining(network, Set.of(Taps.LOGITS), 2)) {
                training.load(network.initialValues(1));
                training.forward(Map.of(Taps.IMAGE, Tensor.zeros(Shape.of(2, 3, 8, 8))));
                training.backward(Map.of(Taps.LOGITS, Tensor.zeros(Shape.of(2, 5))));
            }
            System.out.println(engine.description());
        } catch (UserException e) {
            System.out.println(e.getMessage());
        }
    }
}
