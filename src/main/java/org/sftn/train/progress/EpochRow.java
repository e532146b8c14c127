package org.sftn.train.progress;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sftn.train.quantity.EvaluationSums;
import org.sftn.train.quantity.StepSums;
import org.sftn.train.quantity.Tally;

/**
 * What is kept of an epoch.
 *
 * @param epoch from 1
 * @param iteration done in all
 * @param learningRate of the epoch's last iteration
 * @param train over all images of the epoch
 * @param test null when the epoch was not evaluated
 * @param imagesPerSecond of training, over all ranks; 0 when nothing was timed
 * @param seconds of training
 * @param steps over all ranks
 */
public record EpochRow(
        int epoch,
        long iteration,
        double learningRate,
        Tally train,
        @Nullable EvaluationSums test,
        double imagesPerSecond,
        double seconds,
        StepSums steps) {
    /** @param reports in rank order */
    public static EpochRow of(List<RankReport.EpochDone> reports) {
        RankReport.EpochDone first = reports.get(0);
        Tally train = Tally.EMPTY;
        EvaluationSums test = first.evaluation() == null ? null : EvaluationSums.EMPTY;
        long timed = 0;
        double seconds = 0;
        StepSums steps = StepSums.NONE;
        for (RankReport.EpochDone report : reports) {
            train = train.plus(report.tally());
            EvaluationSums evaluation = report.evaluation();
            test = test == null || evaluation == null ? null : test.plus(evaluation);
            timed += report.timedImages();
            seconds = Math.max(seconds, report.steps().seconds());
            steps = steps.plus(report.steps());
        }
        return new EpochRow(
                first.epochs(),
                first.iterations(),
                first.learningRate(),
                train,
                test,
                seconds > 0 ? timed / seconds : 0,
                seconds,
                steps);
    }
}
