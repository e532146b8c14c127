package org.sftn.train;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;
import org.sftn.data.Batch;
import org.sftn.data.BatchFeed;
import org.sftn.data.BatchLoader;
import org.sftn.engine.Flat;
import org.sftn.engine.GradientProgress;
import org.sftn.engine.TrainingExecutable;
import org.sftn.model.LazyTensor;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Tensor;
import org.sftn.train.checkpoint.Checkpoint;
import org.sftn.train.checkpoint.CheckpointFolder;
import org.sftn.train.checkpoint.RankFile;
import org.sftn.train.checkpoint.ReplicaState;
import org.sftn.train.exchange.Exchange;
import org.sftn.train.exchange.Member;
import org.sftn.train.exchange.Slice;
import org.sftn.train.loss.Gradients;
import org.sftn.train.loss.Loss;
import org.sftn.train.optimizer.LearningRate;
import org.sftn.train.optimizer.Sgd;
import org.sftn.train.optimizer.WeightDecay;
import org.sftn.train.progress.RankReport;
import org.sftn.train.quantity.EvaluationSums;
import org.sftn.train.quantity.StepQuantity;
import org.sftn.train.quantity.StepSums;
import org.sftn.train.quantity.Tally;
import org.sftn.train.spark.DriverService;

/** One rank's training: restore, step, save, validate. */
final class Replica {
    private static final long REPORT_NANOS = 1_000_000_000L;

    private final AttemptPlan plan;
    private final Member me;
    private final Model model;
    private final StepLoss loss;
    private final Batches batches;
    private final Exchange exchange;
    private final Validation validation;
    private final Sgd sgd;
    private final Accumulation accumulation;
    /** Images that a batch needs; where damaged ones leave fewer, these are skipped, too. */
    private final int fewest;

    private final DriverService.Client driver;

    private Tally epochTally = Tally.EMPTY;
    private Tally unreported = Tally.EMPTY;
    private long lastReport = System.nanoTime();
    private StepSums unreportedSteps = StepSums.NONE;
    private long epochImages;
    private StepSums epochSteps = StepSums.NONE;
    private long images;
    private double seconds;
    /** Of updates since the backward pass of this step. */
    private long updateNanos;

    Replica(
            AttemptPlan plan,
            Member me,
            Model model,
            StepLoss loss,
            Batches batches,
            Exchange exchange,
            Validation validation,
            DriverService.Client driver) {
        this.plan = plan;
        this.me = me;
        this.model = model;
        this.loss = loss;
        this.batches = batches;
        this.exchange = exchange;
        this.validation = validation;
        this.driver = driver;
        this.fewest = TrainableBatches.fewest(plan.objective());
        this.accumulation =
                new Accumulation(model.training().gradients(), plan.training().accumulate());
        this.sgd = new Sgd(
                model.training().parameters(),
                exchange.buckets().slices(me.rank()),
                plan.training().momentum(),
                plan.training().nesterov(),
                WeightDecay.of(plan.training(), model.training()),
                plan.cores());
    }

    /**
     * Once.
     *
     * @return the values of the model by its own names, or of the whole network when there is no model; statistics averaged over
     *     the ranks
     */
    Map<String, Tensor> run() throws IOException, InterruptedException {
        restore();
        long end = (long) plan.training().epochs() * batches.perEpoch();
        EvaluationSums evaluation = null;
        try (sgd;
                BatchFeed feed = batches.training(plan.firstIteration(), end)) {
            for (long iteration = plan.firstIteration(); iteration < end; iteration++) {
                step(iteration, feed);
                long done = iteration + 1;
                boolean epochDone = done % batches.perEpoch() == 0;
                if (epochDone) {
                    evaluation = isEvaluated(done / batches.perEpoch()) ? evaluated(done) : null;
                    reportEpoch(iteration, evaluation);
                }
                if (epochDone || isSaved(done)) {
                    save(done);
                }
            }
        }
        if (evaluation == null) {
            evaluation = evaluated(end);
        }
        driver.ask(new RankReport.Finished(me.rank(), evaluation, images, seconds));
        Map<String, Tensor> averaged = validation.averaged();
        return model.isEvaluated() ? Model.evaluatedPart(plan.objective(), averaged) : averaged;
    }

    private boolean isEvaluated(long epochs) {
        int every = plan.training().evaluateEpochs();
        return model.isEvaluated() && (epochs == plan.training().epochs() || every > 0 && epochs % every == 0);
    }

    private boolean isSaved(long iterations) {
        int every = plan.training().checkpointIterations();
        return every > 0 && iterations % every == 0;
    }

    private void restore() throws IOException {
        Checkpoint from = plan.from();
        if (from != null) {
            TrainingExecutable training = model.training();
            Restored restored = Restored.read(plan, from, me, training.network());
            training.load(restored.values());
            if (!restored.momentum().isEmpty()) {
                // Where there are no gradients yet.
                training.layOut(restored.momentum(), training.gradients());
                sgd.restore(training.gradients());
            }
            epochTally = restored.tally();
            loss.restore(restored.loss());
        }
    }

    private EvaluationSums evaluated(long iterations) throws InterruptedException {
        exchange.gatherShared();
        EvaluationSums evaluation = validation.run();
        if (!Double.isFinite(evaluation.crossEntropy())) {
            throw diverged(
                    iterations,
                    String.format(
                            Locale.ROOT,
                            "the evaluated model's output became infinite or not a number after iteration %d",
                            iterations));
        }
        return evaluation;
    }

    /** @param updates that were made before */
    private DivergedException diverged(long updates, String what) {
        String advice = updates == 0
                ? ": no update was made, so the teacher or the model to start from is to blame, or the images"
                : ": a lower learning rate or a longer warm-up may help";
        driver.ask(new RankReport.Diverged(me.rank(), what + advice));
        return new DivergedException(what + advice);
    }

    private void step(long iteration, BatchFeed feed) throws InterruptedException {
        long start = System.nanoTime();
        long waited = 0;
        double rate = learningRate(iteration);
        for (int part = 0; part < accumulation.parts(); part++) {
            long wanted = System.nanoTime();
            BatchLoader.Loaded loaded = feed.next();
            waited += System.nanoTime() - wanted;
            count(Tally.skipped(loaded.skipped()));
            Optional<Batch> batch = usable(loaded);
            if (accumulation.isLast(part)) {
                exchange.begin((slice, sum) -> update(iteration, slice, sum, rate));
            }
            if (batch.isPresent()) {
                backward(iteration, batch.get(), accumulation.progress(part, exchange::ready));
            }
            accumulation.done(part, batch.isPresent());
        }
        updateNanos = 0;
        long computed = System.nanoTime();
        exchange.finish();
        long end = System.nanoTime();
        double seconds = seconds(end - start);
        count(new StepSums(
                1,
                seconds,
                Map.of(
                        StepQuantity.DATA_WAIT_SHARE,
                        seconds(waited),
                        StepQuantity.EXCHANGE_SHARE,
                        seconds(end - computed - updateNanos),
                        StepQuantity.STEP_MILLISECONDS,
                        1000 * seconds,
                        StepQuantity.LONGEST_STEP_MILLISECONDS,
                        1000 * seconds)));
        report(iteration);
    }

    private void update(long iteration, int slice, float[] sum, double rate) {
        long start = System.nanoTime();
        if (!sgd.step(slice, sum, rate)) {
            // Before the others get them.
            throw diverged(
                    iteration + 1,
                    String.format(
                            Locale.ROOT,
                            "the weights became infinite or not a number in the update of iteration %d in epoch %d",
                            iteration + 1,
                            epoch(iteration) + 1));
        }
        updateNanos += System.nanoTime() - start;
    }

    private Optional<Batch> usable(BatchLoader.Loaded loaded) {
        int left = loaded.batch().map(Batch::size).orElse(0);
        if (loaded.skipped() > 0 && left < fewest) {
            count(Tally.skipped(left));
            return Optional.empty();
        }
        return loaded.batch();
    }

    /** Gradients of a batch's share in the mean loss of the global batch. */
    private void backward(long iteration, Batch batch, GradientProgress progress) {
        int epoch = epoch(iteration);
        Map<String, Tensor> outputs = model.training().forward(loss.inputs(batch));
        Loss found = loss.loss(batch, outputs, epoch);
        if (!Double.isFinite(found.total())) {
            throw diverged(
                    iteration,
                    String.format(
                            Locale.ROOT,
                            "the loss became %s at iteration %d in epoch %d; the run stops before that update",
                            found.total(),
                            iteration + 1,
                            epoch + 1));
        }
        Map<String, Long> correct = new LinkedHashMap<>();
        model.logits().forEach((name, tap) -> correct.put(name, EvaluationSums.top1(batch, outputs.get(tap))));
        count(Tally.of(batch.size(), found, correct));
        epochImages += batch.size();
        images += batch.size();
        // The share is taken here, since backward is linear: the taps have few values, the parameters many.
        double share = (double) batch.size() / batches.globalSize(iteration);
        model.training().backward(share(found.gradients(), share), progress);
    }

    private int epoch(long iteration) {
        return (int) (iteration / batches.perEpoch());
    }

    private void count(Tally tally) {
        epochTally = epochTally.plus(tally);
        unreported = unreported.plus(tally);
    }

    private void count(StepSums steps) {
        epochSteps = epochSteps.plus(steps);
        unreportedSteps = unreportedSteps.plus(steps);
        seconds += steps.seconds();
    }

    private static Map<String, Tensor> share(Map<String, Tensor> gradients, double share) {
        if (share == 1) {
            return gradients;
        }
        Gradients shared = new Gradients();
        gradients.forEach((tap, gradient) -> shared.add(tap, share, gradient));
        return shared.byTap();
    }

    private double learningRate(long iteration) {
        return LearningRate.at(plan.training(), batches.perEpoch(), iteration);
    }

    private void report(long iteration) {
        if (System.nanoTime() - lastReport >= REPORT_NANOS) {
            driver.ask(new RankReport.Trained(
                    me.rank(), iteration + 1, learningRate(iteration), unreported, unreportedSteps));
            unreported = Tally.EMPTY;
            unreportedSteps = StepSums.NONE;
            lastReport = System.nanoTime();
        }
    }

    /** @param evaluation null when there was none */
    private void reportEpoch(long iteration, @Nullable EvaluationSums evaluation) {
        int epochs = (int) ((iteration + 1) / batches.perEpoch());
        driver.ask(new RankReport.EpochDone(
                me.rank(),
                epochs,
                iteration + 1,
                learningRate(iteration),
                epochTally,
                epochImages,
                epochSteps,
                evaluation));
        epochTally = Tally.EMPTY;
        epochImages = 0;
        epochSteps = StepSums.NONE;
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }

    private void save(long done) throws IOException {
        Path folder = new Path(plan.checkpoints(), CheckpointFolder.folderName(done, plan.attempt()));
        Checkpoint.File file =
                RankFile.write(folder, me.rank(), state(), plan.hadoop().value());
        int epochs = (int) (done / batches.perEpoch());
        driver.ask(new RankReport.Saved(me.rank(), done, epochs, file));
    }

    /** Live, and made while it is written: before the next step. */
    private ReplicaState state() {
        TrainingExecutable training = model.training();
        exchange.gatherShared();
        boolean hasMomentum = sgd.copyMomentum(training.gradients());
        if (hasMomentum) {
            exchange.gather();
        }
        Map<String, LazyTensor> weights = new LinkedHashMap<>();
        Map<String, LazyTensor> momentum = new LinkedHashMap<>();
        for (ParameterSpec spec : written(training.network())) {
            weights.put(spec.name(), lazy(spec, training.parameters()));
            if (hasMomentum) {
                momentum.put(spec.name(), lazy(spec, training.gradients()));
            }
        }
        Flat running = new Flat(training.network().statistics());
        Map<String, LazyTensor> statistics = new LinkedHashMap<>();
        for (ParameterSpec spec : training.network().statistics()) {
            statistics.put(spec.name(), LazyTensor.of(running.save(training.statistics(), spec.name())));
        }
        Map<String, LazyTensor> remembered = new LinkedHashMap<>();
        loss.state().forEach((name, tensor) -> remembered.put(name, LazyTensor.of(tensor)));
        return new ReplicaState(weights, momentum, statistics, remembered, epochTally);
    }

    private LazyTensor lazy(ParameterSpec spec, float[] array) {
        return new LazyTensor(spec.shape(), () -> model.training().canonical(spec.name(), array));
    }

    /** The parameters of which this rank writes weights and momentum: those that begin in its share of the canonical order. */
    private List<ParameterSpec> written(Network network) {
        Slice share = me.slice(Math.toIntExact(network.parameterCount()));
        List<ParameterSpec> written = new ArrayList<>();
        int from = 0;
        for (ParameterSpec spec : network.parameters()) {
            if (from >= share.offset() && from < share.offset() + share.length()) {
                written.add(spec);
            }
            from += spec.shape().elements();
        }
        return written;
    }
}
