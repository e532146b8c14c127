package org.sftn.train;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.sftn.train.checkpoint.Checkpoint;
import org.sftn.train.checkpoint.CheckpointFolder;
import org.sftn.train.platform.Stretch;
import org.sftn.train.progress.EpochRow;
import org.sftn.train.progress.EventFile;
import org.sftn.train.progress.MetricsFile;
import org.sftn.train.progress.Progress;
import org.sftn.train.progress.RankReport;
import org.sftn.train.progress.TrainingProgress;

/** What the driver writes down of an attempt: progress, metrics, events, checkpoints. */
final class Journal implements Coordinator.Listener {
    private final Progress progress;
    private final Trainer.Listener listener;
    private final MetricsFile metrics;
    private final EventFile events;
    private final CheckpointFolder checkpoints;
    private final Map<String, String> run;
    private final List<Stretch> earlier;
    private final AttemptPlan plan;
    private final LongConsumer afterCheckpoint;
    private List<Stretch> computedBy = List.of();

    /**
     * @param run what makes the run what it is, see {@link Checkpoint}
     * @param earlier what computed the values that the attempt goes on with; empty when they are fresh, or when it is not known
     * @param afterCheckpoint takes its iterations; what it throws ends the attempt
     */
    Journal(
            Progress progress,
            Trainer.Listener listener,
            MetricsFile metrics,
            EventFile events,
            CheckpointFolder checkpoints,
            Map<String, String> run,
            List<Stretch> earlier,
            AttemptPlan plan,
            LongConsumer afterCheckpoint) {
        this.progress = progress;
        this.listener = listener;
        this.metrics = metrics;
        this.events = events;
        this.checkpoints = checkpoints;
        this.run = run;
        this.earlier = earlier;
        this.plan = plan;
        this.afterCheckpoint = afterCheckpoint;
    }

    @Override
    public void compiled(List<RankReport.Compiled> reports) throws IOException {
        Stretch now = Stretch.of(
                plan.firstIteration(),
                reports.stream().map(RankReport.Compiled::platform).toList());
        progress.computing(now, earlier);
        computedBy = now.after(earlier);
        listener.computedBy(computedBy);
    }

    /** All that has computed the run up to now; only after the ranks have returned. */
    List<Stretch> computedBy() {
        return computedBy;
    }

    @Override
    public void trained(RankReport.Trained report) throws IOException {
        Optional<TrainingProgress> line = progress.trained(report);
        if (line.isPresent()) {
            listener.progress(line.get());
            event(line.get());
        }
    }

    private void event(TrainingProgress interval) throws IOException {
        Map<String, Double> scalars = new LinkedHashMap<>();
        scalars.put("train/loss", interval.loss());
        interval.terms().forEach((name, mean) -> scalars.put("train/loss_" + name, mean));
        if (interval.top1() != null) {
            scalars.put("train/top1", interval.top1());
        }
        scalars.put("learning_rate", interval.learningRate());
        scalars.put("images_per_second", interval.imagesPerSecond());
        scalars.putAll(interval.quantities());
        write(interval.iteration(), scalars);
    }

    private void write(long iterations, Map<String, Double> scalars) throws IOException {
        synchronized (events) {
            events.add(iterations, scalars);
        }
    }

    @Override
    public void epochDone(List<RankReport.EpochDone> reports) throws IOException {
        EpochRow row = EpochRow.of(reports);
        metrics.add(row);
        progress.epochDone(row);
        Map<String, Double> scalars = new LinkedHashMap<>();
        scalars.put("epoch/train_loss", row.train().meanLoss());
        row.train().top1().ifPresent(top1 -> scalars.put("epoch/train_top1", top1));
        row.train().auxiliaryTop1().forEach((name, share) -> scalars.put("epoch/train_top1_" + name, share));
        if (row.test() != null) {
            scalars.put("epoch/test_loss", row.test().meanCrossEntropy());
            scalars.put("epoch/test_top1", row.test().top1Share());
            scalars.put("epoch/test_top5", row.test().top5Share());
        }
        write(row.iteration(), scalars);
        synchronized (events) {
            events.show();
        }
    }

    @Override
    public void saved(List<RankReport.Saved> reports) throws IOException {
        RankReport.Saved first = reports.get(0);
        checkpoints.commit(
                new Checkpoint(
                        Checkpoint.FORMAT,
                        first.iterations(),
                        first.epochs(),
                        reports.size(),
                        run,
                        computedBy,
                        CheckpointFolder.folderName(first.iterations(), plan.attempt()),
                        reports.stream().map(RankReport.Saved::file).toList()),
                plan.training().keepCheckpoints());
        afterCheckpoint.accept(first.iterations());
    }
}
