package org.sftn.train;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.UserException;
import org.sftn.nn.Tensor;
import org.sftn.train.exchange.Member;
import org.sftn.train.exchange.Slice;

/**
 * A checkpoint as one rank needs it. When another number of ranks wrote it, statistics are their mean, and rank 0 goes on with
 * the sums of the epoch.
 *
 * @param weights of the whole network
 * @param momentum of this rank's slice; empty when there is none
 * @param loss what this rank's loss remembered
 */
record Restored(float[] weights, float[] momentum, float[] statistics, Map<String, Tensor> loss, Tally tally) {
    static Restored read(Plan plan, Member me, Model model) throws IOException {
        Checkpoint checkpoint = plan.from();
        int parameters = model.training().parameters().length;
        requireFits(checkpoint, parameters, model);
        List<ReplicaState> states = new ArrayList<>();
        for (Checkpoint.File file : checkpoint.files()) {
            states.add(RankFile.read(
                    new Path(plan.checkpoints(), checkpoint.folder()),
                    file,
                    plan.hadoop().value()));
        }
        float[] weights = new float[parameters];
        float[] allMomentum = new float[parameters];
        boolean hasMomentum = false;
        for (int rank = 0; rank < states.size(); rank++) {
            Slice slice = Slice.of(parameters, rank, states.size());
            copy(states.get(rank).weights(), weights, slice);
            if (states.get(rank).momentum().length > 0) {
                copy(states.get(rank).momentum(), allMomentum, slice);
                hasMomentum = true;
            }
        }
        requireFinite(checkpoint, weights, allMomentum);
        states.forEach(state -> requireFinite(checkpoint, state.statistics()));
        Slice own = me.slice(parameters);
        float[] momentum = new float[hasMomentum ? own.length() : 0];
        System.arraycopy(allMomentum, own.offset(), momentum, 0, momentum.length);
        if (states.size() == me.ranks()) {
            ReplicaState mine = states.get(me.rank());
            return new Restored(weights, momentum, mine.statistics(), mine.loss(), mine.tally());
        }
        if (!states.get(0).loss().isEmpty()) {
            throw new UserException(
                    "the run cannot be continued on %d executors: its loss remembers %s for each of the %d that it ran on"
                            .formatted(me.ranks(), states.get(0).loss().keySet(), states.size()));
        }
        Tally tally = me.rank() == 0
                ? states.stream().map(ReplicaState::tally).reduce(Tally.EMPTY, Tally::plus)
                : Tally.EMPTY;
        return new Restored(weights, momentum, mean(states), Map.of(), tally);
    }

    private static void requireFits(Checkpoint checkpoint, int parameters, Model model) {
        if (checkpoint.parameters() != parameters
                || !checkpoint.parameterOrder().equals(model.parameterOrder())) {
            throw new UserException(
                    "the run cannot be continued: its checkpoint holds %d parameters in the order %s, this engine %d in the order %s"
                            .formatted(
                                    checkpoint.parameters(),
                                    checkpoint.parameterOrder(),
                                    parameters,
                                    model.parameterOrder()));
        }
    }

    /** What an older version may have written: it did not look at the weights after each update. */
    private static void requireFinite(Checkpoint checkpoint, float[]... arrays) {
        for (float[] values : arrays) {
            for (float value : values) {
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

    private static void copy(float[] from, float[] to, Slice slice) throws IOException {
        if (from.length != slice.length()) {
            throw new IOException("a checkpoint has " + from.length + " values for " + slice);
        }
        System.arraycopy(from, 0, to, slice.offset(), slice.length());
    }

    private static float[] mean(List<ReplicaState> states) throws IOException {
        float[] mean = states.get(0).statistics().clone();
        for (ReplicaState state : states) {
            if (state.statistics().length != mean.length) {
                throw new IOException("the ranks of a checkpoint have %d and %d statistics"
                        .formatted(mean.length, state.statistics().length));
            }
        }
        for (int i = 0; i < mean.length; i++) {
            double sum = 0;
            for (ReplicaState state : states) {
                sum += state.statistics()[i];
            }
            mean[i] = (float) (sum / states.size());
        }
        return mean;
    }
}
