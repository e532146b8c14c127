package org.sftn.predict;

import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;
import org.sftn.data.unlabeled.UnlabeledImage;
import org.sftn.engine.Engine;

/**
 * What a task does: it predicts the images of one part and writes what comes out.
 *
 * @param batch images a forward pass
 * @param decodeThreads of a task
 */
public record PartPrediction(
        Predictor predictor, AnswerColumns columns, AnswerFiles files, int batch, int decodeThreads)
        implements Serializable {
    /**
     * @param part its number, from 0
     * @param attempt differs between tasks that work on the same part at the same time
     */
    public PartReport of(int part, long attempt, Iterator<UnlabeledImage> images, Engine engine, Configuration hadoop)
            throws IOException {
        return files.write(
                part,
                attempt,
                columns,
                hadoop,
                answers -> predictor.predict(images, engine, batch, decodeThreads, hadoop, answers));
    }
}
