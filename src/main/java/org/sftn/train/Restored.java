package org.sftn.train;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
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
        Configuration hadoop = plan.hadoop().value();
        List<ReplicaState> states = new ArrayList<>();
        for (Checkpoint.File file : checkpoint.files()) {
            states.add(RankFile.read(new Path(plan.checkpoints(), checkpoint.folder()), file, hadoop));
        }
        long held = states.stream().mapToLong(state -> state.weights().length).sum();
        if (held != checkpoint.parameters()) {
            throw new IOException(String.format(
                    Locale.ROOT, "a checkpoint has %d weights, its marker says %d", held, checkpoint.parameters()));
        }
        float[] weights = new float[checkpoint.parameters()];
        float[] allMomentum = new float[checkpoint.parameters()];
        boolean hasMomentum = false;
        for (int rank = 0; rank < states.size(); rank++) {
            Slice slice = Slice.of(checkpoint.parameters(), rank, states.size());
            copy(states.get(rank).weights(), weights, slice);
            if (states.get(rank).momentum().length > 0) {
                copy(states.get(rank).momentum(), allMomentum, slice);
                hasMomentum = true;
            }
        }
        requireFinite(checkpoint, weights, allMomentum);
        states.forEach(state -> requireFinite(checkpoint, state.statistics()));
        int parameters = model.training().parameters().length;
        if (!checkpoint.parameterOrder().equals(model.parameterOrder())) {
            ParameterOrder here = model.order();
            ParameterOrder there = order(plan, here.positions().length);
            weights = there.moved(weights, here, parameters);
            allMomentum = there.moved(allMomentum, here, parameters);
        }
        Slice own = me.slice(parameters);
        float[] momentum = new float[hasMomentum ? own.length() : 0];
        System.arraycopy(allMomentum, own.offset(), momentum, 0, momentum.length);
        if (states.size() == me.ranks()) {
            ReplicaState mine = states.get(me.rank());
            return new Restored(weights, momentum, mine.statistics(), mine.loss(), mine.tally());
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
        return new Restored(weights, momentum, mean(states), Map.of(), tally);
    }

    /** The checkpoint's. */
    private static ParameterOrder order(Plan plan, int values) throws IOException {
        Checkpoint checkpoint = plan.from();
        Path file = ParameterOrder.file(plan.checkpoints(), checkpoint.parameterOrder());
        try {
            return ParameterOrder.read(
                    file, values, checkpoint.parameters(), plan.hadoop().value());
        } catch (FileNotFoundException e) {
            throw new UserException(
                    "the run cannot be continued here: this processor has its parameters in another order, and there is no "
                            + file + ", which says how they lie in the checkpoint",
                    e);
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
                throw new IOException(String.format(
                        Locale.ROOT,
                        "the ranks of a checkpoint have %d and %d statistics",
                        mean.length,
                        state.statistics().length));
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
