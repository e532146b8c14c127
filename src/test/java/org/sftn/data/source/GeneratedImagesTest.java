package org.sftn.data.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.MessageDigest;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sftn.conf.Sha256;

class GeneratedImagesTest {
    private static final GeneratedImages IMAGES = new GeneratedImages(32, 1);

    @Test
    void everyClassHasItsOwnPairOfShapeAndTexture() {
        assertThat(GeneratedImages.CLASSES).isEqualTo(100);
        assertThat(IntStream.range(0, 100).mapToObj(GeneratedImages::className))
                .doesNotHaveDuplicates()
                .startsWith("stripes disc", "checks disc", "stripes cross", "checks cross", "dots disc");
    }

    @Test
    void anImageDependsOnSeedSplitNumberAndLabel() {
        byte[] image = IMAGES.planes(Split.TRAIN, 3, 7);

        assertThat(image).hasSize(3 * 32 * 32);
        assertThat(IMAGES.planes(Split.TRAIN, 3, 7)).isEqualTo(image);
        assertThat(IMAGES.planes(Split.TEST, 3, 7)).isNotEqualTo(image);
        assertThat(IMAGES.planes(Split.TRAIN, 4, 7)).isNotEqualTo(image);
        assertThat(IMAGES.planes(Split.TRAIN, 3, 8)).isNotEqualTo(image);
        assertThat(new GeneratedImages(32, 2).planes(Split.TRAIN, 3, 7)).isNotEqualTo(image);
        assertThat(new GeneratedImages(48, 1).planes(Split.TRAIN, 3, 7)).hasSize(3 * 48 * 48);
    }

    /** Results that are published with generated images can be repeated only as long as this stays. */
    @Test
    void theBitsAreTheSameOnEveryMachine() {
        MessageDigest digest = Sha256.digest();
        for (int label = 0; label < 100; label++) {
            digest.update(IMAGES.planes(Split.TRAIN, label, label));
        }

        assertThat(Sha256.hex(digest.digest()))
                .isEqualTo("379977a82d0ba7d95b1c6588a4b60e525557d9de146b314839ac9e5e3c221e7c");
    }
}
