package org.sftn.train;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.sftn.data.Batch;
import org.sftn.data.BatchFeed;
import org.sftn.data.BatchLoader;
import org.sftn.engine.Executable;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.exchange.Exchange;
import org.sftn.train.exchange.Member;
import org.sftn.train.exchange.Slice;
import org.sftn.train.quantity.EvaluationSums;

/** Evaluates the model on this rank's part of the test split; all ranks do it at the same time. */
final class Validation {
    private final Model model;
    private final Batches batches;
    private final Member me;
    private final @Nullable Exchange exchange;
    private final float[] statistics;

    /**
     * @param exchange of the network's statistics; null when the network has none
     * @param statistics that the exchange writes to
     */
    Validation(Model model, Batches batches, Member me, @Nullable Exchange exchange, float[] statistics) {
        this.model = model;
        this.batches = batches;
        this.me = me;
        this.exchange = exchange;
        this.statistics = statistics;
    }

    /** With the statistics averaged over the ranks; those of the replica stay. Empty when nothing is evaluated. */
    EvaluationSums run() throws InterruptedException {
        average();
        if (!model.isEvaluated()) {
            return EvaluationSums.EMPTY;
        }
        Executable evaluated = model.evaluated(averaged());
        EvaluationSums sum = EvaluationSums.EMPTY;
        try (BatchFeed feed = batches.test()) {
            for (int i = 0; i < batches.testBatches(); i++) {
                BatchLoader.Loaded loaded = feed.next();
                sum = sum.plus(EvaluationSums.skipped(loaded.skipped()));
                if (loaded.batch().isPresent()) {
                    Batch batch = loaded.batch().get();
                    Map<String, Tensor> outputs = evaluated.forward(Map.of(Taps.IMAGE, batch.images()));
                    sum = sum.plus(EvaluationSums.of(batch, outputs.get(Taps.LOGITS)));
                }
            }
        }
        return sum;
    }

    private void average() {
        if (exchange == null) {
            return;
        }
        List<Slice> own = exchange.buckets().slices(me.rank());
        exchange.begin((index, sum) -> {
            Slice slice = own.get(index);
            for (int i = 0; i < slice.length(); i++) {
                statistics[slice.offset() + i] = sum[i] / me.ranks();
            }
        });
        exchange.finish();
    }

    /** All values of the trained network, the statistics as they were averaged by the last {@link #run}. */
    Map<String, Tensor> averaged() {
        return model.values(statistics);
    }
}
