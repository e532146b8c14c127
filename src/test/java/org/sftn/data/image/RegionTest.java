package org.sftn.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.conf.DataSettings.RandomResizedCrop;
import org.sftn.data.order.RandomStream;

class RegionTest {
    private static final RandomResizedCrop IMAGENET = new RandomResizedCrop(0.08, 1, 0.75, 4 / 3.0);

    @Test
    void areaAndRatioStayWithinTheirLimitsAndUseThemAll() {
        // A square that is much larger than any part: every part fits at once, so that areas are uniform.
        RandomResizedCrop limits = new RandomResizedCrop(0.08, 0.5, 0.75, 4 / 3.0);
        int images = 20_000;
        double areas = 0;
        double logarithms = 0;
        double tops = 0;
        for (int i = 0; i < images; i++) {
            Region part = Region.random(RandomStream.of("test", i), limits, 1000, 1000);
            double area = part.width() * part.height() / 1e6;
            double ratio = (double) part.width() / part.height();
            // Whole pixels: half a pixel of at least 244.
            assertThat(area).isBetween(0.0795, 0.5015);
            assertThat(ratio).isBetween(0.747, 1.338);
            assertThat(part.top()).isBetween(0, 1000 - part.height());
            assertThat(part.left()).isBetween(0, 1000 - part.width());
            areas += area;
            logarithms += Math.log(ratio);
            tops += part.top() / (1000.0 - part.height());
        }
        // Uniform numbers: standard errors 0.42, 0.575 and 1 / sqrt(12 * 20000); 4 of these.
        assertThat(areas / images).isCloseTo(0.29, within(0.0035));
        assertThat(logarithms / images).isCloseTo(0, within(0.0047));
        assertThat(tops / images).isCloseTo(0.5, within(0.0082));
    }

    /** torchvision's fallback of RandomResizedCrop.get_params: no part of these images has such a ratio and the whole area. */
    @ParameterizedTest
    @CsvSource({
        // width, height, top, left, part's height, part's width
        "1000, 100, 0, 433, 100, 133",
        "100, 1000, 433, 0, 133, 100",
        "1, 50, 24, 0, 1, 1",
        "50, 1, 0, 24, 1, 1",
    })
    void whatNeverFitsGivesTheMiddle(int width, int height, int top, int left, int partHeight, int partWidth) {
        RandomResizedCrop whole = new RandomResizedCrop(1, 1, 0.75, 4 / 3.0);

        assertThat(Region.random(RandomStream.of("test", 1), whole, width, height))
                .isEqualTo(new Region(top, left, partHeight, partWidth));
    }

    @Test
    void theMiddleOfAnImageWithinTheRatiosIsTheWholeImage() {
        RandomResizedCrop limits = new RandomResizedCrop(1, 1, 0.5, 2);
        long whole = IntStream.range(0, 2000)
                .mapToObj(i -> Region.random(RandomStream.of("test", i), limits, 101, 100))
                .filter(new Region(0, 0, 100, 101)::equals)
                .count();
        // All of the area fits only in the image's own ratio, up to half a pixel: few tries have that.
        assertThat(whole).isGreaterThan(1900);
    }

    @Test
    void theSmallestImagesHaveParts() {
        for (int i = 0; i < 200; i++) {
            assertThat(Region.random(RandomStream.of("test", i), IMAGENET, 1, 1))
                    .isEqualTo(new Region(0, 0, 1, 1));
            assertThat(Region.random(RandomStream.of("test", i), new RandomResizedCrop(1, 1, 0.01, 0.02), 40, 1))
                    .isEqualTo(new Region(0, 19, 1, 1));
        }
    }
}
