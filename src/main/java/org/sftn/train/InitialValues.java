package org.sftn.train;

import java.util.Arrays;
import java.util.LinkedHashMap;
import org.sftn.conf.TrainingSettings;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;

/** What fresh networks start from. */
public final class InitialValues {
    private InitialValues() {}

    /**
     * As {@link Network#initialValues}. With {@link TrainingSettings#zeroInitResidual} the scale of every batch-norm that {@linkplain
     * BatchNorm.Role#END_OF_RESIDUAL ends a residual block} is 0; all else is the same.
     *
     * @return by full name, parameters and statistics
     */
    public static LinkedHashMap<String, Tensor> of(Network network, TrainingSettings training, long seed) {
        LinkedHashMap<String, Tensor> values = new LinkedHashMap<>(network.initialValues(seed));
        if (training.zeroInitResidual()) {
            for (Network.Node node : network.nodes()) {
                if (node.layer() instanceof BatchNorm norm && norm.role() == BatchNorm.Role.END_OF_RESIDUAL) {
                    Arrays.fill(values.get(node.owner() + ".weight").values(), 0);
                }
            }
        }
        return values;
    }
}
