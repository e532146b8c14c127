package org.sftn.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.sftn.conf.UserException;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;

class ProjectedTest {
    private static final Shape IMAGE = Shape.of(3, 32, 32);

    @Test
    void aNameMakesTheWholeNetwork() {
        Architecture projected = Zoo.create("resnet8x4+resnet32x4", IMAGE, 100);
        assertThat(projected.name()).isEqualTo("resnet8x4+resnet32x4");
        assertThat(projected.stages()).hasSize(4);
        assertThat(projected.stageShape(4)).isEqualTo(Shape.of(256, 8, 8));
        Network network = projected.network();
        assertThat(network.tapShape(Taps.LAST_MAP)).isEqualTo(Shape.of(256, 8, 8));
        assertThat(network.tap("stage4.pre-activation")).isEqualTo("projector.bn3");
        // The student without its linear layer, the projector and the teacher's linear layer.
        long projector = 256 * 128 + 2 * 128 + 128 * 128 * 9 + 2 * 128 + 128 * 256 + 2 * 256;
        assertThat(network.parameterCount())
                .isEqualTo(Zoo.create("resnet8x4", IMAGE, 100).network().parameterCount() + projector);
        assertThat(network.nodes())
                .isEqualTo(Zoo.create(projected.name(), IMAGE, 100).network().nodes());
    }

    @Test
    void theLargerStudentIsAveragedToTheTeachersResolution() {
        assertThat(Zoo.create("resnet8+shufflenet_v2_32", IMAGE, 10).stageShape(4))
                .isEqualTo(Shape.of(1024, 4, 4));
        assertThat(Zoo.create("shufflenet_v2_32+resnet8", IMAGE, 10).stageShape(4))
                .isEqualTo(Shape.of(64, 4, 4));
    }

    @Test
    void aProjectedTeacherTeaches() {
        Architecture twice = Zoo.create("vgg8+resnet8+resnet8x4", IMAGE, 10);
        assertThat(twice.name()).isEqualTo("vgg8+resnet8+resnet8x4");
        assertThat(twice.stageShape(5)).isEqualTo(Shape.of(256, 4, 4));
    }

    @Test
    void unknownPartsAndMapsThatDoNotFitAreRefused() {
        assertThatThrownBy(() -> Zoo.create("resnet8+resnet21", IMAGE, 10))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("there is no network 'resnet21' among ")
                .hasMessageEndingWith("did you mean 'resnet20'?");
        assertThatThrownBy(() -> Zoo.create("resnet8+", IMAGE, 10))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("there is no network '' among ");
        Architecture projected = Zoo.create("resnet8+resnet14", IMAGE, 10);
        assertThatThrownBy(() -> Zoo.projected(projected, Zoo.create("resnet20", IMAGE, 10)))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "the student resnet8+resnet14 has a projector and a teacher's classifier already; it cannot get those of"
                                + " resnet20");
        assertThatThrownBy(() -> Zoo.create("resnet18+vgg16_bn", IMAGE, 10))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "no student can take the classifier of the teacher vgg16_bn: it has more than one linear layer"
                                + " behind its last map");
        assertThat(Zoo.create("vgg16_bn+resnet18", IMAGE, 10).network().tapShape("pooled"))
                .isEqualTo(Shape.of(512));
        assertThatThrownBy(() -> Zoo.create("resnet8+shufflenet_v1_32", Shape.of(3, 36, 36), 10))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "the student resnet8 cannot take the classifier of the teacher shufflenet_v1_32: its last stage (64x9x9)"
                                + " cannot be averaged to the resolution of the teacher's last map (960x5x5)");
    }
}
