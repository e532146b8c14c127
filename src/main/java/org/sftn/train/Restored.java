package org.sftn.train;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.UserException;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Tensor;
import org.sftn.train.checkpoint.Checkpoint;
import org.sftn.train.checkpoint.RankFile;
import org.sftn.train.checkpoint.ReplicaState;
import org.sftn.train.exchange.Member;
import org.sftn.train.quantity.Tally;

/**
 * A checkpoint as one rank needs it. When another number of ranks wrote it, statistics are their mean, and rank 0 goes on with
 * the sums of the epoch.
 *
 * @param values of the whole network: weights and statistics, by full name
 * @param momentum of all parameters, by full name; empty when there is none
 * @param loss what this rank's loss remembered
 */
record Restored(Map<String, Tensor> values, Map<String, Tensor> momentum, Map<String, Tensor> loss, Tally tally) {
    static Restored read(AttemptPlan plan, Checkpoint checkpoint, Member me, Network network) throws IOException {
        Configuration hadoop = plan.hadoop().value();
        List<ReplicaState> states = new ArrayList<>();
        for (Checkpoint.File file : checkpoint.files()) {
            states.add(RankFile.read(new Path(plan.checkpoints(), checkpoint.folder()), file, hadoop));
        }
        Map<String, Tensor> values = new LinkedHashMap<>();
        Map<String, Tensor> momentum = new LinkedHashMap<>();
        for (ReplicaState state : states) {
            values.putAll(ReplicaState.made(state.weights()));
            momentum.putAll(ReplicaState.made(state.momentum()));
        }
        require(network.parameters(), values, "weights");
        if (!momentum.isEmpty()) {
            require(network.parameters(), momentum, "momentum");
        }
        List<Map<String, Tensor>> statistics = new ArrayList<>();
        for (ReplicaState state : states) {
            Map<String, Tensor> its = ReplicaState.made(state.statistics());
            require(network.statistics(), its, "statistics");
            requireFinite(checkpoint, its);
            statistics.add(its);
        }
        requireFinite(checkpoint, values);
        requireFinite(checkpoint, momentum);
        if (states.size() == me.ranks()) {
            ReplicaState mine = states.get(me.rank());
            values.putAll(statistics.get(me.rank()));
            return new Restored(values, momentum, ReplicaState.made(mine.loss()), mine.tally());
        }
        if (!states.get(0).loss().isEmpty()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "the run cannot be continued on %d executors: its loss remembers %s for each of the %d that it ran on",
                    me.ranks(),
                    states.get(0).loss().keySet(),
                    states.size()));
        }
        Tally tally = me.rank() == 0
                ? states.stream().map(ReplicaState::tally).reduce(Tally.EMPTY, Tally::plus)
                : Tally.EMPTY;
        network.statistics().forEach(spec -> values.put(spec.name(), mean(spec.name(), statistics)));
        return new Restored(values, momentum, Map.of(), tally);
    }

    private static void require(List<ParameterSpec> specs, Map<String, Tensor> values, String what) throws IOException {
        for (ParameterSpec spec : specs) {
            Tensor tensor = values.get(spec.name());
            if (tensor == null || !tensor.shape().equals(spec.shape())) {
                throw new IOException(String.format(
                        Locale.ROOT,
                        "the %s of %s in a checkpoint are %s, not %s",
                        what,
                        spec.name(),
                        tensor == null ? "missing" : tensor.shape(),
                        spec.shape()));
            }
        }
        if (values.size() != specs.size()) {
            throw new IOException(String.format(
                    Locale.ROOT, "a checkpoint has %s of %d arrays, not %d", what, values.size(), specs.size()));
        }
    }

    /** As of all that is loaded: engines may hide what is not a number. */
    private static void requireFinite(Checkpoint checkpoint, Map<String, Tensor> values) {
        for (Tensor tensor : values.values()) {
            for (float value : tensor.values()) {
                if (!Float.isFinite(value)) {
                    throw new UserException(String.format(
                            Locale.ROOT,
                            "the run cannot be continued: its checkpoint after iteration %d holds %s",
                            checkpoint.iterations(),
                            value));
                }
            }
        }
    }

    private static Tensor mean(String name, List<Map<String, Tensor>> of) {
        Tensor mean = Tensor.zeros(of.get(0).get(name).shape());
        for (int i = 0; i < mean.values().length; i++) {
            double sum = 0;
            for (Map<String, Tensor> each : of) {
                sum += each.get(name).values()[i];
            }
            mean.values()[i] = (float) (sum / of.size());
        }
        return mean;
    }
}
