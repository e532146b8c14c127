package org.sftn.train;

import java.util.Locale;
import java.util.Optional;
import org.sftn.conf.TrainingSettings;
import org.sftn.conf.UserException;
import org.sftn.data.order.Sampler;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;

/** How few images a batch may have: batch-norm cannot train on one value per channel, which a single image has where maps are 1x1. */
public final class TrainableBatches {
    private static final int PAIR = 2;
    // With fewer, one image may be left that the sampler cannot join to others.
    private static final int ENOUGH = 3;

    private TrainableBatches() {}

    /**
     * Before a run: whether every executor's batches are large enough.
     *
     * @param images for training, over all executors
     * @throws UserException when some batch is not
     */
    public static void require(Objective objective, long images, TrainingSettings training) {
        for (int executors : training.executorCounts()) {
            requireOn(executors, objective, images, training.on(executors));
        }
    }

    private static void requireOn(int executors, Objective objective, long images, TrainingSettings training) {
        int atOnce = training.localBatch(images);
        if (training.accumulate() > 1 && atOnce < ENOUGH && needsPair(objective).isPresent()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "%s sees maps of 1x1 and cannot train on a single image, which may be left for a part of a batch: training.accumulate is %d, so an executor computes %d at once; set it so that these are at least %d",
                    needsPair(objective).get(),
                    training.accumulate(),
                    atOnce,
                    ENOUGH));
        }
        boolean single = Sampler.smallest(images, training.globalBatch(), executors) < PAIR;
        if (single && needsPair(objective).isPresent()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "%s sees maps of 1x1 and cannot train on a single image, which is all that an executor has in some batches of training.global-batch %d: %,d training images, training.executors %d; %s",
                    needsPair(objective).get(),
                    training.globalBatch(),
                    images,
                    executors,
                    images < (long) PAIR * executors
                            ? String.format(Locale.ROOT, "so many executors need at least %d images", PAIR * executors)
                            : "set training.global-batch to at least " + ENOUGH * executors));
        }
    }

    /** The fewest images of one executor that the objective can be trained on. */
    static int fewest(Objective objective) {
        return needsPair(objective).isPresent() ? PAIR : 1;
    }

    /** A batch-norm that one image gives one value per channel. */
    private static Optional<String> needsPair(Objective objective) {
        Network network = objective.network();
        return network.nodes().stream()
                .filter(node -> node.layer() instanceof BatchNorm)
                .filter(node -> values(network.shape(node.name())) * objective.views() < PAIR)
                .map(Network.Node::name)
                .findFirst();
    }

    private static int values(Shape map) {
        return map.height() * map.width();
    }
}
