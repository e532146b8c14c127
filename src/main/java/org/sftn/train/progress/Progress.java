package org.sftn.train.progress;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.TrainingSettings;
import org.sftn.train.platform.Stretch;
import org.sftn.train.quantity.StepSums;
import org.sftn.train.quantity.Tally;

/** Lines for who watches the run, from the ranks' reports. Thread-safe. */
public final class Progress {
    private final PrintStream out;
    private final int epochs;
    private final int executors;
    private final int missing;
    private final long iterations;
    private final long intervalNanos;
    private final long firstIteration;
    private final int restarts;
    private final long start = System.nanoTime();
    private long lastLine = start;
    private Tally sinceLastLine = Tally.EMPTY;
    private StepSums stepsSinceLastLine = StepSums.NONE;

    /**
     * @param training of the whole run
     * @param executors of this attempt
     * @param iterations of the whole run
     * @param firstIteration that this attempt does
     * @param restarts before this attempt
     */
    public Progress(
            PrintStream out,
            TrainingSettings training,
            int executors,
            long iterations,
            long firstIteration,
            int restarts) {
        this.out = out;
        this.epochs = training.epochs();
        this.executors = executors;
        this.missing = training.executors() - executors;
        this.iterations = iterations;
        this.firstIteration = firstIteration;
        this.restarts = restarts;
        this.intervalNanos = training.progressInterval().toNanos();
    }

    /**
     * Warns where bits cannot be what one would expect.
     *
     * @param before what has computed the run so far
     */
    public synchronized void computing(Stretch now, List<Stretch> before) {
        List<String> amongRanks = now.differencesAmongRanks();
        if (!amongRanks.isEmpty()) {
            out.println("warning: the executors are not alike (" + String.join(", ", amongRanks)
                    + "): the bits depend on which of them has which rank");
        }
        List<String> changes = before.isEmpty() ? List.of() : now.differencesFrom(Stretch.last(before));
        if (!changes.isEmpty()) {
            out.println("warning: the run goes on with " + String.join(", ", changes)
                    + ": its bits may not be those of an undisturbed run");
        }
    }

    /**
     * Warns when metrics of epochs that were trained before are gone.
     *
     * @param rows of them in the file
     */
    public synchronized void history(Path metrics, int rows, long epochs) {
        if (rows < epochs) {
            out.printf(
                    Locale.ROOT,
                    "warning: %d of the %d epochs that were trained before are not in %s: their metrics are lost%n",
                    epochs - rows,
                    epochs,
                    metrics);
        }
    }

    /** Prints a line when it is time. */
    public synchronized Optional<TrainingProgress> trained(RankReport.Trained report) {
        sinceLastLine = sinceLastLine.plus(report.tally());
        stepsSinceLastLine = stepsSinceLastLine.plus(report.steps());
        long now = System.nanoTime();
        if (report.rank() != 0 || now - lastLine < intervalNanos || sinceLastLine.images() == 0) {
            return Optional.empty();
        }
        TrainingProgress interval = new TrainingProgress(
                (report.iterations() - 1) / (iterations / epochs) + 1,
                epochs,
                report.iterations(),
                iterations,
                report.learningRate(),
                sinceLastLine.meanLoss(),
                sinceLastLine.meanTerms(),
                sinceLastLine.top1().isPresent() ? sinceLastLine.top1().getAsDouble() : null,
                sinceLastLine.images() / ((now - lastLine) / 1e9),
                stepsSinceLastLine.values(),
                secondsLeft(report.iterations(), now),
                restarts,
                executors,
                missing);
        out.println(line(interval));
        lastLine = now;
        sinceLastLine = Tally.EMPTY;
        stepsSinceLastLine = StepSums.NONE;
        return Optional.of(interval);
    }

    private long secondsLeft(long done, long now) {
        double share = (double) (done - firstIteration) / (iterations - firstIteration);
        return Math.round((now - start) / 1e9 * (1 - share) / share);
    }

    private String line(TrainingProgress interval) {
        int digits = Long.toString(iterations).length();
        return String.format(
                Locale.ROOT,
                "%s  iteration %" + digits + "d/%d  loss %s%s  lr %-8.3g  %8.1f images/s  left %s",
                epoch(interval.epoch()),
                interval.iteration(),
                iterations,
                losses(interval.loss(), interval.terms()),
                top1(sinceLastLine.top1()),
                interval.learningRate(),
                interval.imagesPerSecond(),
                TrainingProgress.time(interval.secondsLeft()));
    }

    /** Prints what an epoch has come to. */
    public synchronized void epochDone(EpochRow row) {
        StringBuilder line = new StringBuilder(epoch(row.epoch()));
        line.append(String.format(
                Locale.ROOT,
                "  done: train loss %s%s",
                losses(row.train().meanLoss(), row.train().meanTerms()),
                top1(row.train().top1())));
        if (row.test() != null) {
            line.append(String.format(
                    Locale.ROOT,
                    "  test loss %7.4f  top-1 %6.2f %%  top-5 %6.2f %%",
                    row.test().meanCrossEntropy(),
                    100 * row.test().top1Share(),
                    100 * row.test().top5Share()));
        }
        line.append(String.format(Locale.ROOT, "  %8.1f images/s", row.imagesPerSecond()));
        long skippedTests = row.test() == null ? 0 : row.test().skipped();
        if (row.train().skipped() + skippedTests > 0) {
            line.append(String.format(
                    Locale.ROOT,
                    "  skipped as damaged: %,d training and %,d test images",
                    row.train().skipped(),
                    skippedTests));
        }
        out.println(line);
    }

    private String epoch(long epoch) {
        return String.format(Locale.ROOT, "epoch %" + Integer.toString(epochs).length() + "d/%d", epoch, epochs);
    }

    private static String top1(OptionalDouble top1) {
        return top1.isPresent() ? String.format(Locale.ROOT, "  top-1 %6.2f %%", 100 * top1.getAsDouble()) : "";
    }

    private static String losses(double mean, Map<String, Double> terms) {
        String total = String.format(Locale.ROOT, "%7.4f", mean);
        if (terms.size() < 2) {
            return total;
        }
        return total
                + terms.entrySet().stream()
                        .map(term -> String.format(Locale.ROOT, "%s %.4f", term.getKey(), term.getValue()))
                        .collect(Collectors.joining(", ", " (", ")"));
    }
}
