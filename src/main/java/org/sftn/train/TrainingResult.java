package org.sftn.train;

import java.util.List;
import java.util.Map;
import org.sftn.nn.Tensor;
import org.sftn.train.platform.Stretch;

/**
 * What a run has made.
 *
 * @param values parameters and statistics of the evaluated part, by its own names; when there is none, those of the objective's whole
 *     network by full name, and then top1, top5 and loss are not numbers. Statistics are means over the replicas
 * @param iterations over all epochs, those of earlier starts included
 * @param top1 share of the test split, in [0, 1]
 * @param top5 likewise
 * @param loss mean cross-entropy of the test split
 * @param imagesPerSecond trained in this start, over all executors, without evaluation; 0 when nothing was left to train
 * @param seconds of this start
 * @param computedBy what has computed all iterations and the evaluation, those of earlier starts included
 */
public record TrainingResult(
        Map<String, Tensor> values,
        int epochs,
        long iterations,
        double top1,
        double top5,
        double loss,
        double imagesPerSecond,
        double seconds,
        List<Stretch> computedBy) {}
