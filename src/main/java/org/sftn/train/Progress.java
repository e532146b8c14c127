package org.sftn.train;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/** Lines for who watches the run, from the ranks' reports. Thread-safe. */
final class Progress {
    private final PrintStream out;
    private final int epochs;
    private final long iterations;
    private final long intervalNanos;
    private final long firstIteration;
    private final long start = System.nanoTime();
    private long lastLine = start;
    private Tally sinceLastLine = Tally.EMPTY;

    /** What a line says. */
    record Interval(long iterations, double learningRate, Tally tally, double imagesPerSecond) {}

    /**
     * @param epochs of the whole run
     * @param iterations of the whole run
     * @param firstIteration that this attempt does
     * @param interval at least so long from line to line
     */
    Progress(PrintStream out, int epochs, long iterations, long firstIteration, Duration interval) {
        this.out = out;
        this.epochs = epochs;
        this.iterations = iterations;
        this.firstIteration = firstIteration;
        this.intervalNanos = interval.toNanos();
    }

    /** Prints a line when it is time. */
    synchronized Optional<Interval> trained(Report.Trained report) {
        sinceLastLine = sinceLastLine.plus(report.tally());
        long now = System.nanoTime();
        if (report.rank() != 0 || now - lastLine < intervalNanos || sinceLastLine.images() == 0) {
            return Optional.empty();
        }
        Interval interval = new Interval(
                report.iterations(),
                report.learningRate(),
                sinceLastLine,
                sinceLastLine.images() / ((now - lastLine) / 1e9));
        out.println(line(interval, now));
        lastLine = now;
        sinceLastLine = Tally.EMPTY;
        return Optional.of(interval);
    }

    private String line(Interval interval, long now) {
        long perEpoch = iterations / epochs;
        double share = (double) (interval.iterations() - firstIteration) / (iterations - firstIteration);
        long left = Math.round((now - start) / 1e9 * (1 - share) / share);
        int digits = Long.toString(iterations).length();
        return String.format(
                Locale.ROOT,
                "%s  iteration %" + digits + "d/%d  loss %s%s  lr %-8.3g  %8.1f images/s  left %s",
                epoch((interval.iterations() - 1) / perEpoch + 1),
                interval.iterations(),
                iterations,
                losses(interval.tally()),
                top1(interval.tally()),
                interval.learningRate(),
                interval.imagesPerSecond(),
                time(left));
    }

    /** Prints what an epoch has come to. */
    synchronized void epochDone(EpochRow row) {
        StringBuilder line = new StringBuilder(epoch(row.epoch()));
        line.append(String.format(Locale.ROOT, "  done: train loss %s%s", losses(row.train()), top1(row.train())));
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

    private static String top1(Tally tally) {
        OptionalDouble top1 = tally.top1();
        return top1.isPresent() ? String.format(Locale.ROOT, "  top-1 %6.2f %%", 100 * top1.getAsDouble()) : "";
    }

    private static String losses(Tally tally) {
        String total = String.format(Locale.ROOT, "%7.4f", tally.meanLoss());
        Map<String, Double> terms = tally.meanTerms();
        if (terms.size() < 2) {
            return total;
        }
        return total
                + terms.entrySet().stream()
                        .map(term -> String.format(Locale.ROOT, "%s %.4f", term.getKey(), term.getValue()))
                        .collect(Collectors.joining(", ", " (", ")"));
    }

    private static String time(long seconds) {
        return String.format(Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
}
