package org.sftn.train;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.sftn.conf.DataSettings;
import org.sftn.conf.DataSettings.ColorJitter;
import org.sftn.conf.DataSettings.RandomResizedCrop;
import org.sftn.conf.TrainingSettings;
import org.sftn.data.Dataset;
import org.sftn.nn.NetworkIdentity;

/** What the weights of a run depend on, by name. The number of executors is not among it: a run may go on with another. */
final class RunIdentity {
    private RunIdentity() {}

    static SortedMap<String, String> of(
            TrainingSettings training,
            DataSettings data,
            long seed,
            Objective objective,
            Dataset dataset,
            Map<String, String> more) {
        SortedMap<String, String> identity = new TreeMap<>(more);
        identity.put("seed", Long.toString(seed));
        identity.put("training.global-batch", Integer.toString(training.globalBatch()));
        identity.put("training.accumulate", Integer.toString(training.accumulate()));
        identity.put("training.epochs", Integer.toString(training.epochs()));
        identity.put("training.learning-rate", Double.toString(training.learningRate()));
        identity.put("training.momentum", Double.toString(training.momentum()));
        identity.put("training.nesterov", Boolean.toString(training.nesterov()));
        identity.put("training.weight-decay", Double.toString(training.weightDecay()));
        identity.put("training.decay-batch-norm-and-biases", Boolean.toString(training.decayBatchNormAndBiases()));
        identity.put("training.label-smoothing", Double.toString(training.labelSmoothing()));
        identity.put("training.zero-init-residual", Boolean.toString(training.zeroInitResidual()));
        identity.put("training.wire", training.wire().toString());
        identity.put("training.schedule.kind", training.schedule().kind().toString());
        identity.put(
                "training.schedule.milestones", training.schedule().milestones().toString());
        identity.put(
                "training.schedule.factor", Double.toString(training.schedule().factor()));
        identity.put(
                "training.schedule.warm-up-epochs",
                Double.toString(training.schedule().warmUpEpochs()));
        identity.put("data.crop", data.crop().toString());
        RandomResizedCrop random = data.randomResizedCrop();
        identity.put("data.random-resized-crop.min-area", Double.toString(random.minArea()));
        identity.put("data.random-resized-crop.max-area", Double.toString(random.maxArea()));
        identity.put("data.random-resized-crop.min-ratio", Double.toString(random.minRatio()));
        identity.put("data.random-resized-crop.max-ratio", Double.toString(random.maxRatio()));
        ColorJitter jitter = data.colorJitter();
        identity.put("data.color-jitter.brightness", Double.toString(jitter.brightness()));
        identity.put("data.color-jitter.contrast", Double.toString(jitter.contrast()));
        identity.put("data.color-jitter.saturation", Double.toString(jitter.saturation()));
        identity.put("data.lighting", Double.toString(data.lighting()));
        identity.put("data.crop-padding", Integer.toString(data.cropPadding()));
        identity.put("data.horizontal-flip", Boolean.toString(data.horizontalFlip()));
        identity.put("data.shuffle-buffer", Integer.toString(data.shuffleBuffer()));
        identity.put("dataset", dataset.manifest().identity());
        identity.put("training_images", Long.toString(dataset.count("train", data.trainImages())));
        identity.put("network", NetworkIdentity.of(objective.network()));
        return identity;
    }
}
