package org.sftn.job;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.hadoop.fs.FileSystem;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.DataSettings;
import org.sftn.conf.EngineSettings;
import org.sftn.conf.Json;
import org.sftn.conf.Printable;
import org.sftn.conf.Settings;
import org.sftn.conf.TrainingSettings;
import org.sftn.conf.TrainingSettings.Wire;
import org.sftn.conf.UserException;
import org.sftn.data.Dataset;
import org.sftn.data.shard.Manifest;
import org.sftn.engine.Engines;
import org.sftn.job.run.RunDescription;
import org.sftn.job.run.RunFolder;
import org.sftn.job.run.RunLock;
import org.sftn.job.run.RunResult;
import org.sftn.model.ModelDescription;
import org.sftn.model.SavedModel;
import org.sftn.nn.Tensor;
import org.sftn.train.DivergedException;
import org.sftn.train.Objective;
import org.sftn.train.OutputFolder;
import org.sftn.train.TrainableBatches;
import org.sftn.train.Trainer;
import org.sftn.train.TrainingResult;
import org.sftn.train.platform.Stretch;
import org.sftn.train.progress.TrainingProgress;
import org.sftn.train.spark.TrainingMetrics;
import org.sftn.zoo.Architecture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the jobs that train have in common: the check of the output folder, training, the saved model, the result.
 */
final class TrainingRun {
    /**
     * What is trained.
     *
     * @param preliminary what comes first, if anything
     * @param notes for the user, at the start
     */
    record Objectives(Optional<Preliminary> preliminary, Objective objective, List<String> notes) {
        static Objectives of(Objective objective) {
            return new Objectives(Optional.empty(), objective, List.of());
        }
    }

    /**
     * A preliminary stage.
     *
     * @param then makes the main objective from the values that it has come to
     */
    record Preliminary(Objective objective, TrainingSettings training, Function<Map<String, Tensor>, Objective> then) {}

    // A line of JSON an interval for collectors of logs; log4j2.properties says whether.
    private static final Logger PROGRESS = LoggerFactory.getLogger("org.sftn.progress");

    private final Session session;
    private final Dataset data;
    private final Architecture architecture;
    private final List<String> classNames;
    private final Objectives objectives;
    private final RunFolder folder;

    private TrainingRun(
            Session session,
            Dataset data,
            Architecture architecture,
            List<String> classNames,
            Objectives objectives,
            RunFolder folder) {
        this.session = session;
        this.data = data;
        this.architecture = architecture;
        this.classNames = classNames;
        this.objectives = objectives;
        this.folder = folder;
    }

    /**
     * @param job also the block of its settings
     * @param own tells which settings of that block the job reads
     * @param architecture of the model that is saved
     * @param classNames likewise
     * @param model the identity of the model that the job reads; null when there is none
     * @throws UserException when batches are too small for the network, or the folder must not be touched
     */
    static TrainingRun check(
            Session session,
            String job,
            Predicate<String> own,
            Dataset data,
            Architecture architecture,
            List<String> classNames,
            Objectives objectives,
            @Nullable String model)
            throws IOException {
        Settings settings = session.settings();
        long images = data.count("train", settings.data().trainImages());
        TrainableBatches.require(objectives.objective(), images, settings.training());
        objectives
                .preliminary()
                .ifPresent(
                        preliminary -> TrainableBatches.require(preliminary.objective(), images, settings.training()));
        TrainingSettings training = settings.training();
        Set<String> remembering = objectives.objective().remembering();
        if (!remembering.isEmpty() && training.executorCounts().size() > 1) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "training.min-executors is %d, but %s remembers something of each executor's images, so the run cannot go on with fewer than training.executors, %d; set it to 0",
                    training.minExecutors(),
                    String.join(", ", remembering),
                    training.executors()));
        }
        Predicate<String> read = key -> key.equals("seed")
                || key.startsWith("data.")
                || key.startsWith("engine.")
                || key.startsWith("training.")
                || (key.startsWith(job + ".") && own.test(key));
        RunDescription run = RunDescription.of(
                job, settings.effective(), read, data.manifest().identity(), model);
        RunFolder folder =
                RunFolder.check(session.out(), run, RunFolder.TRAINING, session.existing(), session.hadoop());
        return new TrainingRun(session, data, architecture, classNames, objectives, folder);
    }

    JobPlan plan() {
        if (folder.finished() != null) {
            return JobPlan.nothing(folder.alreadyFinished(summary(folder.finished())));
        }
        return new JobPlan(lines(), () -> summary(run()), this::rehearse);
    }

    private List<String> lines() {
        DataSettings limits = session.settings().data();
        TrainingSettings training = session.settings().training();
        Manifest manifest = data.manifest();
        long images = data.count("train", limits.trainImages());
        long iterations = (images + training.globalBatch() - 1) / training.globalBatch();
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "Data         %,d training and %,d test images of %dx%d, %d classes, %s",
                images,
                data.count("test", limits.testImages()),
                manifest.imageSize(),
                manifest.imageSize(),
                manifest.classes(),
                manifest.identity()));
        lines.add(String.format(
                Locale.ROOT,
                "Model        %s, %,d parameters",
                architecture.name(),
                architecture.network().parameterCount()));
        lines.add(String.format(
                Locale.ROOT,
                "Trained      %,d parameters, the model's and what is trained beside it",
                objectives.objective().network().parameterCount()));
        objectives
                .preliminary()
                .ifPresent(preliminary -> lines.add(String.format(
                        Locale.ROOT,
                        "Preliminary  %s of %s for %,d parameters, in %s",
                        Printable.count(preliminary.training().epochs(), "epoch"),
                        Printable.count(iterations, "iteration"),
                        preliminary.objective().network().parameterCount(),
                        folder.out().preliminary().root())));
        lines.add(String.format(
                Locale.ROOT,
                "Training     %s of %s, global batch %d%s, %s%s%s",
                Printable.count(training.epochs(), "epoch"),
                Printable.count(iterations, "iteration"),
                training.globalBatch(),
                training.accumulate() == 1 ? "" : ", accumulated in " + training.accumulate() + " parts",
                Printable.count(training.executors(), "executor"),
                training.executorCounts().size() == 1 ? "" : ", at least " + training.minExecutors(),
                training.wire() == Wire.FP32 ? "" : ", gradients travel as bf16"));
        lines.add(String.format(
                Locale.ROOT,
                "Checkpoints  after every epoch%s, the last %d are kept in %s",
                training.checkpointIterations() == 0
                        ? ""
                        : " and every " + training.checkpointIterations() + " iterations",
                training.keepCheckpoints(),
                folder.out().checkpoints()));
        folder.changes().forEach(change -> lines.add("Changed      " + change));
        objectives.notes().forEach(note -> lines.add("Note         " + note));
        lines.add("Output       model/, metrics.csv, tensorboard/, result.json in " + session.out());
        return lines;
    }

    private void rehearse() throws InterruptedException {
        trainer(session.settings().training(), progress -> {}).rehearse(objectives.objective(), data);
    }

    /** Trains, or gives the result of the finished run. */
    RunResult run() throws Exception {
        if (folder.finished() != null) {
            return folder.finished();
        }
        session.interruption()
                .advise("continue this run with --resume; its checkpoints are in "
                        + folder.out().checkpoints());
        return folder.record(
                session.application(), lock -> session.interruption().during(() -> train(lock)));
    }

    private RunResult train(RunLock lock) throws Exception {
        OutputFolder out = folder.out();
        TrainingResult result;
        try (TrainingMetrics metrics = TrainingMetrics.register()) {
            result = train(out, new Trainer.Listener() {
                @Override
                public void progress(TrainingProgress progress) {
                    lock.say(progress);
                    metrics.say(progress);
                    log(progress);
                }

                @Override
                public void computedBy(List<Stretch> stretches) throws IOException {
                    folder.computedBy(stretches);
                }
            });
        }
        FileSystem files = out.root().getFileSystem(session.hadoop());
        // Left when a run was stopped between its model and its result.
        files.delete(out.model(), true);
        SavedModel saved = new SavedModel(description(), result.values()).write(out.model(), session.hadoop());
        return RunResult.done(
                folder.run(),
                result.top1(),
                result.top5(),
                result.loss(),
                result.epochs(),
                result.imagesPerSecond(),
                saved.description().weightsSha256(),
                result.computedBy());
    }

    private TrainingResult train(OutputFolder out, Trainer.Listener listener) throws IOException, InterruptedException {
        Map<String, String> identity = Map.of("run", folder.run().fingerprint());
        TrainingSettings training = session.settings().training();
        try {
            Objective objective = objectives.objective();
            List<Stretch> earlier = List.of();
            if (objectives.preliminary().isPresent()) {
                Preliminary preliminary = objectives.preliminary().get();
                // When it is done already, its last checkpoint gives the values.
                TrainingResult trained = trainer(preliminary.training(), listener)
                        .train(preliminary.objective(), data, out.preliminary(), identity, earlier);
                objective = preliminary.then().apply(trained.values());
                earlier = trained.computedBy();
            }
            return trainer(training, listener).train(objective, data, out, identity, earlier);
        } catch (DivergedException e) {
            throw new UserException(e.getMessage(), e);
        }
    }

    private Trainer trainer(TrainingSettings training, Trainer.Listener listener) {
        Settings settings = session.settings();
        EngineSettings engine = settings.engine();
        return new Trainer(
                session.spark(),
                training,
                settings.data(),
                cores -> Engines.create(engine, cores),
                settings.seed(),
                session.progress(),
                listener);
    }

    private void log(TrainingProgress progress) {
        if (PROGRESS.isInfoEnabled()) {
            try {
                PROGRESS.info(Json.line(
                        new Line(folder.run().job(), folder.out().root().toString(), progress)));
            } catch (JsonProcessingException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** What collectors of logs get. */
    private record Line(
            String job, String out, @JsonUnwrapped TrainingProgress progress) {}

    private ModelDescription description() {
        Manifest manifest = data.manifest();
        RunDescription run = folder.run();
        Map<String, String> provenance = new TreeMap<>(run.configuration());
        provenance.put("job", run.job());
        provenance.put("code_version", run.codeVersion());
        provenance.put("dataset", run.dataset());
        if (run.inputModel() != null) {
            provenance.put("teacher", run.inputModel());
        }
        return new ModelDescription(
                ModelDescription.FORMAT,
                architecture.name(),
                architecture.image().dimensions(),
                classNames,
                manifest.mean(),
                manifest.standardDeviation(),
                "",
                provenance);
    }

    private String summary(RunResult result) {
        return String.format(
                Locale.ROOT,
                "%s %s, %.1f images/s, model in %s",
                result.job(),
                result.forPeople(),
                result.imagesPerSecond(),
                folder.out().model());
    }
}
