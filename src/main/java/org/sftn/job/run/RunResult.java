package org.sftn.job.run;

import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.Printable;
import org.sftn.conf.Redaction;
import org.sftn.evaluate.Evaluation;
import org.sftn.evaluate.Similarity;
import org.sftn.train.platform.Stretch;

/**
 * What {@code result.json} says. Numbers that a job does not have are null and left out.
 *
 * @param status done or failed
 * @param message why it failed
 * @param top1 share of test images, in [0, 1]
 * @param loss mean cross-entropy of the evaluated images
 * @param calibrationError expected, in [0, 1]
 * @param similarity to the model's teacher
 * @param images that were predicted, those included that cannot be used
 * @param unusableImages of these
 * @param imagesPerSecond trained, evaluated or predicted, over all executors; with a teacher, evaluated by both
 * @param seed null when the job draws nothing at random
 * @param dataset the data set's identity
 * @param inputModel the identity of the model that the job read, of both where there are two
 * @param model the identity of the model that the job wrote
 * @param computedBy all that has computed the run, on which the bits depend
 */
public record RunResult(
        String job,
        String status,
        @Nullable String message,
        @Nullable Double top1,
        @Nullable Double top5,
        @Nullable Double loss,
        @Nullable Double calibrationError,
        @Nullable Similarity similarity,
        @Nullable Integer epochs,
        @Nullable Long images,
        @Nullable Long unusableImages,
        @Nullable Double imagesPerSecond,
        @Nullable Long seed,
        String codeVersion,
        @Nullable String dataset,
        @Nullable String inputModel,
        @Nullable String model,
        @Nullable List<Stretch> computedBy,
        SortedMap<String, String> configuration) {
    public static final String DONE = "done";
    static final String FAILED = "failed";
    /** By a signal, or by Spark: there is nothing to mend. */
    public static final String STOPPED = "stopped";

    /** @throws IllegalArgumentException when something is missing that a result of its status has */
    public RunResult {
        if (status == null || !status.equals(DONE) && message == null) {
            throw new IllegalArgumentException("a result needs its status, and a message when it is not done");
        }
        if (top1 != null && (top5 == null || loss == null)) {
            throw new IllegalArgumentException("a result with a top-1 needs top-5 and loss");
        }
    }

    /** @param model the identity of the model that was trained */
    public static RunResult done(
            RunDescription run,
            double top1,
            double top5,
            double loss,
            int epochs,
            double imagesPerSecond,
            String model,
            List<Stretch> computedBy) {
        Builder result = new Builder(run, DONE);
        result.top1 = top1;
        result.top5 = top5;
        result.loss = loss;
        result.epochs = epochs;
        result.imagesPerSecond = imagesPerSecond;
        result.model = model;
        result.computedBy = computedBy;
        return result.build();
    }

    /** @param similarity null when the model was compared with none */
    public static RunResult evaluated(
            RunDescription run,
            Evaluation evaluation,
            @Nullable Similarity similarity,
            double imagesPerSecond,
            List<Stretch> computedBy) {
        Builder result = new Builder(run, DONE);
        result.top1 = evaluation.top1();
        result.top5 = evaluation.top5();
        result.loss = evaluation.loss();
        result.calibrationError = evaluation.calibrationError();
        result.similarity = similarity;
        result.imagesPerSecond = imagesPerSecond;
        result.computedBy = computedBy;
        return result.build();
    }

    public static RunResult predicted(
            RunDescription run, long images, long unusable, double imagesPerSecond, List<Stretch> computedBy) {
        Builder result = new Builder(run, DONE);
        result.images = images;
        result.unusableImages = unusable;
        result.imagesPerSecond = imagesPerSecond;
        result.computedBy = computedBy;
        return result.build();
    }

    /** @param dataset the identity of the data set that was written */
    public static RunResult prepared(RunDescription run, String dataset, double imagesPerSecond) {
        Builder result = new Builder(run, DONE);
        result.dataset = dataset;
        result.imagesPerSecond = imagesPerSecond;
        return result.build();
    }

    /** Of a job that is made of others, which have results of their own. */
    public static RunResult done(RunDescription run) {
        return new Builder(run, DONE).build();
    }

    public static RunResult failed(RunDescription run, Throwable why) {
        Builder result = new Builder(run, why instanceof StoppedException ? STOPPED : FAILED);
        result.message = Redaction.of(why.getMessage() == null ? why.toString() : why.getMessage());
        return result.build();
    }

    /** Of a job that is done. */
    public String forPeople() {
        if (top1 != null && top5 != null) {
            return String.format(
                    Locale.ROOT, "done: top-1 %.2f %%, top-5 %.2f %%, loss %.4f", 100 * top1, 100 * top5, loss);
        }
        return images == null
                ? "done"
                : String.format(
                        Locale.ROOT,
                        "done: %s, %,d of them unusable, %.1f images/s",
                        Printable.count(images, "image"),
                        unusableImages,
                        imagesPerSecond);
    }

    /** Takes what a job has. */
    private static final class Builder {
        private final RunDescription run;
        private final String status;
        private @Nullable String message;
        private @Nullable Double top1;
        private @Nullable Double top5;
        private @Nullable Double loss;
        private @Nullable Double calibrationError;
        private @Nullable Similarity similarity;
        private @Nullable Integer epochs;
        private @Nullable Long images;
        private @Nullable Long unusableImages;
        private @Nullable Double imagesPerSecond;
        private @Nullable String dataset;
        private @Nullable String model;
        private @Nullable List<Stretch> computedBy;

        Builder(RunDescription run, String status) {
            this.run = run;
            this.status = status;
            this.dataset = run.dataset();
        }

        RunResult build() {
            return new RunResult(
                    run.job(),
                    status,
                    message,
                    top1,
                    top5,
                    loss,
                    calibrationError,
                    similarity,
                    epochs,
                    images,
                    unusableImages,
                    imagesPerSecond,
                    run.seed(),
                    run.codeVersion(),
                    dataset,
                    run.inputModel(),
                    model,
                    computedBy,
                    run.configuration());
        }
    }
}
