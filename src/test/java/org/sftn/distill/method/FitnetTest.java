package org.sftn.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sftn.distill.method.Formulas.pair;
import static org.sftn.distill.method.Formulas.recipe;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sftn.conf.UserException;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;
import org.sftn.nn.Convolution;
import org.sftn.nn.Layer;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.TransposedConvolution;

class FitnetTest {
    @Test
    void theRegressorGivesTheStudentsMapTheTeachersShape() {
        assertThat(convolution("resnet14", "resnet8x4", 32, 2)).isEqualTo(new Convolution(128, 32, 1, 1, 0, 1));
        assertThat(convolution("resnet18", "vgg8", 32, 2)).isEqualTo(new Convolution(256, 128, 3, 2, 1, 1));
        assertThat(convolution("vgg8", "resnet18", 32, 2)).isEqualTo(new TransposedConvolution(128, 256, 4, 2, 1));
        assertThat(convolution("resnet18", "vgg8", 40, 3)).isEqualTo(new Convolution(512, 256, 3, 1, 0, 1));
    }

    private static Layer convolution(String teacher, String student, int imageSize, int stage) {
        Pair pair = pair(teacher, student, imageSize);
        Recipe recipe =
                recipe(pair, Map.of("distill.method", "fitnet", "distill.fitnet.hint-stage", String.valueOf(stage)));
        assertThat(recipe.crossEntropyWeight()).isEqualTo(1);
        Network regressor = recipe.terms().get("fitnet").module().orElseThrow();
        Shape taught = pair.teacher().stageShape(stage);
        assertThat(regressor.tapShape("regressed")).isEqualTo(taught);
        return regressor.nodes().get(0).layer();
    }

    @Test
    void mapsThatCannotBeJoinedAreRefused() {
        assertThatThrownBy(() -> convolution("vgg8", "resnet18", 40, 3))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "fitnet cannot join stage 3 of the student resnet18 (256x3x3) to stage 3 of the teacher vgg8"
                                + " (512x5x5): its regressor doubles a resolution, halves it, or takes the same number of pixels"
                                + " off height and width");
        assertThatThrownBy(() -> convolution("vgg8", "resnet8", 32, 4))
                .isInstanceOf(UserException.class)
                .hasMessage("distill.fitnet.hint-stage is 4, but the student resnet8 has 3 stages");
    }
}
