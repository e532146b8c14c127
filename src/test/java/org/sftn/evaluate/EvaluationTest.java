package org.sftn.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.conf.UserException;

class EvaluationTest {
    @TempDir
    Path folder;

    @Test
    void aPredictionHasProbabilityRankAndLoss() {
        float[] logits = {0, (float) Math.log(3), (float) Math.log(2)};

        Prediction prediction = Prediction.of(7, "a", 2, logits);

        assertThat(prediction.predicted()).isEqualTo(1);
        assertThat(prediction.probability()).isCloseTo(0.5, within(1e-6));
        assertThat(prediction.rank()).isEqualTo(1);
        assertThat(prediction.loss()).isCloseTo(Math.log(3), within(1e-6));
    }

    @Test
    void largeLogitsDoNotOverflow() {
        Prediction prediction = Prediction.of(0, "a", 1, new float[] {1000, -1000});

        assertThat(prediction.probability()).isEqualTo(1);
        assertThat(prediction.loss()).isEqualTo(2000);
    }

    @Test
    void ofEqualClassesTheFirstWins() {
        assertThat(Prediction.of(0, "a", 0, new float[] {1, 1, 1}))
                .extracting(Prediction::predicted, Prediction::rank)
                .containsExactly(0, 0);
        assertThat(Prediction.of(0, "a", 2, new float[] {1, 1, 1}))
                .extracting(Prediction::predicted, Prediction::rank)
                .containsExactly(0, 2);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void aModelWithoutFiniteOutputsIsRefused(float logit) {
        assertThatThrownBy(() -> Prediction.of(7, "cat/1.png", 0, new float[] {1, logit}))
                .isInstanceOf(UserException.class)
                .hasMessage("the model cannot be evaluated: its output for image 7 (cat/1.png) is " + logit);
    }

    @Test
    void sharesAndConfusionCountImages() {
        List<String> classes = List.of("a", "b", "c", "d", "e", "f");
        List<Prediction> predictions = new ArrayList<>();
        for (int rank = 0; rank < 6; rank++) {
            predictions.add(new Prediction(rank, "image", 1, rank == 0 ? 1 : 5, 0.5, rank, rank));
        }

        Evaluation evaluation = new Evaluation(classes, predictions);

        assertThat(evaluation.top1()).isEqualTo(1 / 6.0);
        assertThat(evaluation.top5()).isEqualTo(5 / 6.0);
        assertThat(evaluation.loss()).isEqualTo(2.5);
        assertThat(evaluation.confusion()[1]).containsExactly(0, 1, 0, 0, 0, 5);
        assertThat(evaluation.confusion()[5]).containsOnly(0);
    }

    @Test
    void theCalibrationErrorIsTheDistanceOfConfidenceAndAccuracyOverIntervals() {
        // Three images of the eighth interval, 7/15 to 8/15: sure by 0.5 in the mean, one of three right. One of the
        // last: 1 and right.
        Evaluation evaluation = new Evaluation(
                List.of("a", "b"),
                List.of(
                        new Prediction(0, "image", 0, 0, 0.5, 0, 1),
                        new Prediction(1, "image", 0, 1, 0.48, 1, 1),
                        new Prediction(2, "image", 0, 1, 0.52, 1, 1),
                        new Prediction(3, "image", 0, 0, 1, 0, 0)));

        assertThat(evaluation.calibrationError()).isCloseTo(0.75 * (0.5 - 1 / 3.0), within(1e-12));
    }

    @Test
    void likenessIsOfOutputsAndOfFeatures() {
        // Probabilities of the teacher 1/4 and 3/4, of the student 1/2 and 1/2 (the first of equal ones is predicted);
        // then equal ones.
        List<ComparedImage> images = List.of(
                ComparedImage.of(
                        answer(1, new float[] {3, 3}, new float[] {1, 0}),
                        answer(1, new float[] {0, (float) Math.log(3)}, new float[] {-2})),
                ComparedImage.of(
                        answer(0, new float[] {0, 1}, new float[] {3, 0}),
                        answer(0, new float[] {1, 2}, new float[] {-6})));

        Similarity similarity = Similarity.of(images);

        double kl = Math.log(0.25 / 0.5) / 4 + 3 * Math.log(0.75 / 0.5) / 4;
        assertThat(similarity.kl()).isCloseTo(kl / 2, within(1e-7));
        assertThat(similarity.agreement()).isEqualTo(0.5);
        // One is the other times a number.
        assertThat(similarity.cka()).isCloseTo(1, within(1e-12));
    }

    private static EvaluatedImage answer(long index, float[] logits, float[] pooled) {
        return new EvaluatedImage(Prediction.of(index, "image", 0, logits), logits, pooled);
    }

    @Test
    void answersOfDifferentImagesAreNotCompared() {
        float[] some = {1, 2};
        assertThatThrownBy(() -> ComparedImage.of(answer(1, some, some), answer(2, some, some)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void tablesHaveARowAnImageAndARowAClass() throws IOException {
        Evaluation evaluation = new Evaluation(
                List.of("cat", "dog, small"),
                List.of(new Prediction(0, "x.png", 0, 1, 0.75, 1, 1), new Prediction(1, "y.png", 1, 1, 2 / 3.0, 0, 1)));
        Configuration hadoop = new Configuration();

        EvaluationFiles.writePredictions(
                evaluation, new org.apache.hadoop.fs.Path("file:" + folder.resolve("predictions.csv")), hadoop);
        EvaluationFiles.writeConfusion(
                evaluation, new org.apache.hadoop.fs.Path("file:" + folder.resolve("confusion.csv")), hadoop);

        assertThat(Files.readString(folder.resolve("predictions.csv"))).isEqualTo("""
                        index,name,label,predicted,probability
                        0,x.png,cat,"dog, small",0.750000
                        1,y.png,"dog, small","dog, small",0.666667
                        """);
        assertThat(Files.readString(folder.resolve("confusion.csv"))).isEqualTo("""
                        label,cat,"dog, small"
                        cat,0,1
                        "dog, small",0,1
                        """);
    }
}
