package org.sftn.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sftn.conf.DataSettings;
import org.sftn.conf.DataSettings.ColorJitter;
import org.sftn.conf.DataSettings.Crop;
import org.sftn.conf.DataSettings.RandomResizedCrop;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.data.shard.Manifest;

class PreprocessingTest {
    private static final String CANNOT = "the configuration cannot be used";
    private static final List<Double> MEAN = List.of(0.1, 0.5, 0.9);
    private static final List<Double> DEVIATION = List.of(0.25, 0.5, 1.0);

    private static Manifest manifest(Store store) {
        String hash = "0".repeat(64);
        Manifest.Part part = new Manifest.Part(1, List.of(1L), hash, List.of(new Manifest.Shard("a", 1, 1, hash)));
        return new Manifest(1, "image-folder", 224, store, List.of("cat"), MEAN, DEVIATION, part, part);
    }

    private static DataSettings settings(Map<String, String> assigned) {
        return Settings.of(List.of(Settings.assignments(assigned, "test"))).data();
    }

    @Test
    void imageNetsSettings() {
        Preprocessing made = manifest(Store.FILES)
                .preprocessing(settings(Map.of(
                        "data.crop", "random-resized",
                        "data.evaluation-resize", "256",
                        "data.color-jitter.contrast", "0.4",
                        "data.lighting", "0.1")));

        assertThat(made)
                .isEqualTo(new Preprocessing(
                        224,
                        Store.FILES,
                        MEAN,
                        DEVIATION,
                        256,
                        new Augmentation(
                                Crop.RANDOM_RESIZED,
                                4,
                                new RandomResizedCrop(0.08, 1, 0.75, 1.3333333333333333),
                                true,
                                new ColorJitter(0, 0.4, 0),
                                0.1)));
    }

    @Test
    void withoutMoreEvaluationSeesAsMuchAsFits() {
        assertThat(manifest(Store.FILES).preprocessing(settings(Map.of())).evaluationResize())
                .isEqualTo(224);
    }

    @Test
    void pixelsAreNoFiles() {
        assertThatThrownBy(() -> manifest(Store.PIXELS).preprocessing(settings(Map.of("data.crop", "random-resized"))))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        CANNOT
                                + ": data.crop is random-resized, it needs the image files, but the data set in data.path holds pixels: prepare it with prepare.store = files");
        assertThatThrownBy(() -> manifest(Store.PIXELS)
                        .preprocessing(
                                settings(Map.of("data.crop", "random-resized", "data.evaluation-resize", "256"))))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith(CANNOT + ", it has 2 problems:\n  data.crop is random-resized")
                .hasMessageEndingWith(
                        "data.evaluation-resize is 256, it needs the image files, but the data set in data.path holds pixels: prepare it with prepare.store = files");
    }

    @Test
    void evaluationCannotCutOutMoreThanThereIs() {
        assertThatThrownBy(() -> manifest(Store.FILES).preprocessing(settings(Map.of("data.evaluation-resize", "223"))))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        CANNOT
                                + ": data.evaluation-resize is 223, it must be 0 or at least the size of the images of the data set in data.path, 224");
    }
}
