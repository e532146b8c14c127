package org.sftn.job;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.HadoopPath;
import org.sftn.conf.Printable;
import org.sftn.conf.UserException;
import org.sftn.data.shard.Preparer;
import org.sftn.job.run.RunDescription;
import org.sftn.job.run.RunFolder;
import org.sftn.job.run.RunLock;
import org.sftn.job.run.RunResult;
import org.sftn.job.run.Running;
import org.sftn.predict.AnswerFiles;
import org.sftn.study.MetricsTable;
import org.sftn.train.OutputFolder;
import org.sftn.train.checkpoint.CheckpointFolder;
import org.sftn.train.progress.TrainingProgress;
import org.sftn.train.quantity.StepQuantity;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * Says how far a run is, from its files alone: also of a run on another machine, and of one that is dead.
 *
 * <p>Input: the {@code --out} of a run.
 *
 * <p>Output: whether it is running, done, failed or stopped; epoch, iteration, loss, speed, time left; its last checkpoint; of a
 * study the number of trainings that are done, and how far those are that run.
 *
 * <p>Example: {@code jobs/status.sh runs/teacher}
 */
@Command(description = "Say how far a run is.")
final class Status implements TextCommand {
    /** Several times what a run needs to say that it is there. */
    private static final Duration SILENCE = RunLock.Timing.USUAL.patience();

    @Parameters(paramLabel = "OUT", description = "The --out of the run.")
    private String out;

    @Override
    public String text() throws IOException {
        Configuration hadoop = new Configuration();
        return of(HadoopPath.of("OUT", out, hadoop), hadoop);
    }

    /** @throws UserException when the folder holds no run, or a file that cannot be read */
    static String of(Path folder, Configuration hadoop) throws IOException {
        FileSystem files = folder.getFileSystem(hadoop);
        OutputFolder run = new OutputFolder(folder);
        List<String> lines = new ArrayList<>();
        Path lock = new Path(folder, RunFolder.LOCK);
        Optional<Running> running = RunLock.read(lock, hadoop);
        Optional<RunDescription> described = RunFolder.description(folder, hadoop);
        Optional<RunResult> result = RunFolder.result(folder, hadoop);
        OptionalLong shards = Preparer.shardsDone(folder.toString(), hadoop);
        if (described.isEmpty() && running.isEmpty()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "%s holds no run: there is no %s",
                    folder,
                    run.run().getName()));
        }
        String job = described
                .map(RunDescription::job)
                .or(() -> running.map(Running::job))
                .orElseThrow();
        lines.add(String.format(Locale.ROOT, "%s, in %s", job, folder));
        lines.add("state       " + state(running, silence(files, lock), result));
        running.map(Running::progress).ifPresent(progress -> lines.add("progress    " + progress(progress)));
        shards.ifPresent(done -> lines.add(String.format(Locale.ROOT, "shards      %,d done", done)));
        AnswerFiles.progress(folder.toString(), hadoop).ifPresent(parts -> lines.add("parts       " + parts));
        if (job.equals(StudyJob.NAME)) {
            lines.addAll(trainings(folder, hadoop));
        }
        MetricsTable metrics = MetricsTable.soFar(run.metrics(), hadoop);
        if (!metrics.rows().isEmpty()) {
            lines.add("epochs      " + lastEpoch(metrics, described));
        }
        new CheckpointFolder(run.checkpoints(), hadoop)
                .newest()
                .ifPresent(iterations ->
                        lines.add(String.format(Locale.ROOT, "checkpoint  after iteration %,d", iterations)));
        result.ifPresent(ended -> lines.add("result      " + result(ended)));
        return lines.stream().map(Printable::whole).collect(Collectors.joining("\n"));
    }

    private static List<String> trainings(Path study, Configuration hadoop) throws IOException {
        FileSystem files = study.getFileSystem(hadoop);
        int done = 0;
        List<String> running = new ArrayList<>();
        for (Path run : StudyJob.trainings(study, hadoop)) {
            Path lock = new Path(run, RunFolder.LOCK);
            Optional<Running> now = RunLock.read(lock, hadoop);
            if (now.isPresent() && isAlive(now.get(), silence(files, lock))) {
                String name = study.toUri().relativize(run.toUri()).getPath();
                TrainingProgress progress = now.get().progress();
                running.add(String.format(
                        Locale.ROOT, "            %s: %s", name, progress == null ? "starts" : progress(progress)));
            } else if (RunFolder.result(run, hadoop)
                    .filter(result -> result.status().equals(RunResult.DONE))
                    .isPresent()) {
                done++;
            }
        }
        List<String> lines = new ArrayList<>();
        lines.add(String.format(Locale.ROOT, "trainings   %,d done, %,d running", done, running.size()));
        lines.addAll(running);
        return lines;
    }

    private static boolean isAlive(Running running, Duration silence) {
        return !running.hasEnded() && silence.compareTo(SILENCE) < 0;
    }

    /** How long the lock was not renewed; by the clock of this machine. */
    private static Duration silence(FileSystem files, Path lock) throws IOException {
        try {
            FileStatus status = files.getFileStatus(lock);
            return Duration.ofMillis(Math.max(0, System.currentTimeMillis() - status.getModificationTime()));
        } catch (FileNotFoundException e) {
            return Duration.ZERO;
        }
    }

    private static String state(Optional<Running> running, Duration silence, Optional<RunResult> result) {
        if (running.isPresent() && isAlive(running.get(), silence)) {
            return "running: " + running.get();
        }
        if (running.isPresent()) {
            return String.format(
                    Locale.ROOT,
                    "stopped without a word %s ago (%s); the same command with --resume goes on",
                    TrainingProgress.time(silence.toSeconds()),
                    running.get());
        }
        String status = result.map(RunResult::status).orElse(RunResult.STOPPED);
        return switch (status) {
            case RunResult.DONE -> RunResult.DONE;
            case RunResult.STOPPED -> "stopped; the same command with --resume goes on";
            default -> "failed; the same command with --resume goes on when the reason is mended";
        };
    }

    private static String progress(TrainingProgress progress) {
        return String.format(
                Locale.ROOT,
                "epoch %d/%d, iteration %,d/%,d (%.1f %%), loss %.4f%s, %.1f images/s (%s), left %s, %s%s",
                progress.epoch(),
                progress.epochs(),
                progress.iteration(),
                progress.iterations(),
                100.0 * progress.iteration() / progress.iterations(),
                progress.loss(),
                progress.top1() == null ? "" : String.format(Locale.ROOT, ", top-1 %.2f %%", 100 * progress.top1()),
                progress.imagesPerSecond(),
                quantities(progress),
                TrainingProgress.time(progress.secondsLeft()),
                Printable.count(progress.restarts(), "restart"),
                progress.missingExecutors() == 0
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                ", on %d of %d executors",
                                progress.executors(),
                                progress.executors() + progress.missingExecutors()));
    }

    private static String quantities(TrainingProgress progress) {
        return Stream.of(StepQuantity.values())
                .filter(quantity -> progress.quantities().containsKey(quantity.column()))
                .map(quantity -> quantity.text(progress.quantities().get(quantity.column())))
                .collect(Collectors.joining(", "));
    }

    private static String lastEpoch(MetricsTable metrics, Optional<RunDescription> described) {
        int last = metrics.rows().size() - 1;
        String of = described
                .map(run -> run.configuration().get("training.epochs"))
                .map(epochs -> " of " + epochs)
                .orElse("");
        OptionalDouble test = metrics.number(last, "test_top1");
        return String.format(
                Locale.ROOT,
                "%.0f%s done, train loss %.4f%s",
                metrics.number(last, "epoch").orElse(last + 1.0),
                of,
                metrics.number(last, "train_loss").orElse(Double.NaN),
                test.isEmpty() ? "" : String.format(Locale.ROOT, ", test top-1 %.2f %%", 100 * test.getAsDouble()));
    }

    private static String result(RunResult result) {
        if (!result.status().equals(RunResult.DONE)) {
            // Of one that was stopped the message says so itself.
            String status = result.status().equals(RunResult.STOPPED) ? "" : result.status() + ": ";
            return status
                    + Objects.requireNonNull(result.message())
                            .lines()
                            .findFirst()
                            .orElse("");
        }
        return result.forPeople();
    }
}
