package org.sftn.predict;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.UserException;
import org.sftn.data.image.Preprocessing;
import org.sftn.data.unlabeled.UnlabeledBatches;
import org.sftn.data.unlabeled.UnlabeledImage;
import org.sftn.engine.Engine;
import org.sftn.engine.Executable;
import org.sftn.model.ModelDescription;
import org.sftn.model.SavedModel;
import org.sftn.nn.Network;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.platform.Platform;
import org.sftn.zoo.Zoo;

/** A saved model that says of image files what they show; sent to executors. */
public final class Predictor implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final String EVALUATION_RESIZE = "data.evaluation-resize";

    private final Network network;
    private final LinkedHashMap<String, Tensor> values;
    private final ArrayList<String> classNames;
    private final Preprocessing preprocessing;
    private final AnswerColumns columns;

    private Predictor(
            Network network,
            Map<String, Tensor> values,
            List<String> classNames,
            Preprocessing preprocessing,
            AnswerColumns columns) {
        this.network = network;
        this.values = new LinkedHashMap<>(values);
        this.classNames = new ArrayList<>(classNames);
        this.preprocessing = preprocessing;
        this.columns = columns;
    }

    /**
     * @param resize the shorter side of an image before the middle is cut out; 0 for that with which the model was evaluated when
     *     it was trained
     * @throws UserException when the images would be smaller than the model's
     */
    public static Predictor of(SavedModel model, int resize, AnswerColumns columns) {
        ModelDescription description = model.description();
        int size = description.image().get(1);
        if (resize != 0 && resize < size) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "predict.resize is %d, it must be 0 or at least the size of the model's images, %d",
                    resize,
                    size));
        }
        return new Predictor(
                Zoo.create(description.architecture(), description.imageShape(), description.classes())
                        .network(),
                model.values(),
                description.classNames(),
                Preprocessing.ofFiles(
                        size,
                        resize != 0 ? resize : Math.max(size, resizeOf(description)),
                        description.mean(),
                        description.standardDeviation()),
                columns);
    }

    private static int resizeOf(ModelDescription model) {
        String known = model.provenance().getOrDefault(EVALUATION_RESIZE, "0");
        return known.matches("\\d{1,9}") ? Integer.parseInt(known) : 0;
    }

    /** The shorter side of an image before the middle is cut out. */
    public int resize() {
        return preprocessing.evaluationResize();
    }

    /** @param answers takes one for each image, in their order */
    PartReport predict(
            Iterator<UnlabeledImage> images,
            Engine engine,
            int batch,
            int decodeThreads,
            Configuration hadoop,
            Answers answers)
            throws IOException {
        Set<String> taps = new HashSet<>(Set.of(Taps.LOGITS));
        if (columns.features()) {
            taps.add(Taps.POOLED);
        }
        long all = 0;
        long unusable = 0;
        String firstUnusable = null;
        long computing = 0;
        try (Executable model = engine.compileForInference(network, taps, batch);
                UnlabeledBatches batches = new UnlabeledBatches(
                        images, preprocessing, engine.imageLayout(), batch, decodeThreads, hadoop)) {
            model.load(values);
            for (Optional<UnlabeledBatches.Batch> next = batches.next(); next.isPresent(); next = batches.next()) {
                UnlabeledBatches.Batch loaded = next.get();
                long start = System.nanoTime();
                Map<String, Tensor> outputs = model.forward(Map.of(Taps.IMAGE, loaded.values()));
                computing += System.nanoTime() - start;
                for (int i = 0; i < loaded.size(); i++) {
                    Answer answer = answer(loaded, i, outputs);
                    answers.add(answer);
                    if (answer.reason().isPresent()) {
                        unusable++;
                        firstUnusable = firstUnusable == null
                                ? answer.name() + ": " + answer.reason().get()
                                : firstUnusable;
                    }
                }
                all += loaded.size();
            }
            UnlabeledBatches.Times times = batches.times();
            return new PartReport(
                    all,
                    unusable,
                    firstUnusable,
                    times.waiting(),
                    times.decoding(),
                    computing,
                    Platform.of(engine, preprocessing));
        }
    }

    private Answer answer(UnlabeledBatches.Batch batch, int image, Map<String, Tensor> outputs) {
        String name = batch.images().get(image).name();
        List<@Nullable Object> passed = batch.images().get(image).passed();
        Optional<String> reason = batch.reasons().get(image);
        if (reason.isPresent()) {
            return new Answer(name, passed, List.of(), null, null, reason);
        }
        float[] logits = outputs.get(Taps.LOGITS).row(image);
        return new Answer(
                name,
                passed,
                best(name, logits),
                columns.logits() ? logits : null,
                columns.features() ? outputs.get(Taps.POOLED).row(image) : null,
                reason);
    }

    private List<Answer.Guess> best(String name, float[] logits) {
        double max = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            if (!Float.isFinite(logit)) {
                throw new UserException(String.format(
                        Locale.ROOT, "the model cannot predict: its output for the image %s is %s", name, logit));
            }
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        List<Answer.Guess> best = new ArrayList<>();
        for (int c : first(logits, columns.top())) {
            best.add(new Answer.Guess(classNames.get(c), Math.exp(logits[c] - max) / sum));
        }
        return best;
    }

    /** The indices of the largest values, the largest first, of equal ones the lowest. */
    private static int[] first(float[] values, int count) {
        int[] first = new int[Math.min(count, values.length)];
        int found = 0;
        for (int i = 0; i < values.length; i++) {
            int place = found;
            while (place > 0 && values[i] > values[first[place - 1]]) {
                place--;
            }
            if (place < first.length) {
                found = Math.min(found + 1, first.length);
                System.arraycopy(first, place, first, place + 1, found - 1 - place);
                first[place] = i;
            }
        }
        return first;
    }
}
