package org.sftn.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HexFormat;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.conf.DataSettings.ColorJitter;
import org.sftn.data.order.RandomStream;

class ColorsTest {
    private static final String IMAGE = "0aff00ff4d03c80000ff4cfe5a8000ff4b1f";

    private static byte[] image() {
        return HexFormat.of().parseHex(IMAGE);
    }

    /** torchvision 0.28.0, Pillow 12.3.0: {@code src/test/python/torchvision_views.py --jitter}. */
    @ParameterizedTest
    @CsvSource({
        "brightness, 0, 000000000000000000000000000000000000",
        "brightness, 0.37, 035e005e1c014a00005e1c5d212f005e1b0b",
        "brightness, 1, 0aff00ff4d03c80000ff4cfe5a8000ff4b1f",
        "brightness, 1.6, 10ff00ff7b04ff0000ff79ff90cc00ff7831",
        "contrast, 0, 767676767676767676767676767676767676",
        "contrast, 0.37, 4ea84aa8664b944a4aa866a86b794aa86655",
        "contrast, 1, 0aff00ff4d03c80000ff4cfe5a8000ff4b1f",
        "contrast, 1.6, 00ff00ff3400f90000ff32ff498600ff3100",
        "saturation, 0, 835b00ff4c9a835b00ff4c9a835b00ff4c9a",
        "saturation, 0.37, 569700ff4c629c3900ff4cbf736800ff4b6c",
        "saturation, 1, 0aff00ff4d03c80000ff4cfe5a8000ff4b1f",
        "saturation, 1.6, 00ff00ff4d00f10000ff4cff419600ff4a00",
    })
    void adjustsAsTorchvisionDoes(String what, float factor, String expected) {
        byte[] planes = image();
        switch (what) {
            case "brightness" -> Colors.adjustBrightness(planes, factor);
            case "contrast" -> Colors.adjustContrast(planes, factor);
            default -> Colors.adjustSaturation(planes, factor);
        }

        assertThat(HexFormat.of().formatHex(planes)).isEqualTo(expected);
    }

    @Test
    void jitterMixesAllThreeInEveryOrder() {
        // The order matters where values are cut at 0 and 255, so 6 orders of the same factors give several results.
        long results = IntStream.range(0, 100)
                .mapToObj(i -> {
                    byte[] planes = image();
                    Colors.jitter(planes, new ColorJitter(0.4, 0.4, 0.4), RandomStream.of("test", i));
                    return HexFormat.of().formatHex(planes);
                })
                .distinct()
                .count();
        assertThat(results).isEqualTo(100);

        byte[] unchanged = image();
        Colors.jitter(unchanged, ColorJitter.NONE, RandomStream.of("test", 1));
        assertThat(unchanged).isEqualTo(image());
    }

    @Test
    void aFactorIsUniformAroundOneAndNeverNegative() {
        double sum = 0;
        int images = 4000;
        for (int i = 0; i < images; i++) {
            byte[] gray = {100, 100, 100};
            Colors.jitter(gray, new ColorJitter(0.5, 0, 0), RandomStream.of("test", i));
            assertThat((int) gray[0] & 0xFF).isBetween(50, 150);
            sum += gray[0] & 0xFF;
        }
        // A uniform value of 50 to 150, cut to a whole number: mean 99.5, its standard error 29 / sqrt(4000) = 0.46; 4
        // of these.
        assertThat(sum / images).isCloseTo(99.5, within(1.9));

        byte[] gray = {100, 100, 100};
        for (int i = 0; i < 100; i++) {
            Colors.jitter(gray, new ColorJitter(3, 0, 0), RandomStream.of("test", i));
        }
        assertThat(gray[0]).isEqualTo(gray[1]).isEqualTo(gray[2]);
    }

    @Test
    void lightingIsNormalAlongThePrincipalComponents() {
        int images = 20_000;
        double[] sums = new double[3];
        double[][] products = new double[3][3];
        for (int i = 0; i < images; i++) {
            double[] shift = Colors.lighting(0.1, RandomStream.of("test", i));
            for (int a = 0; a < 3; a++) {
                sums[a] += shift[a];
                for (int b = 0; b < 3; b++) {
                    products[a][b] += shift[a] * shift[b] / images;
                }
            }
        }
        // The covariance 0.01 V diag(0.2175, 0.0188, 0.0045)^2 V', by numpy; red with red, green with green, blue with
        // blue, red
        // with green. Its relative standard error is sqrt(2 / 20000) = 1 %; 4 of these.
        assertThat(products[0][0]).isCloseTo(1.5421e-4, within(0.04 * 1.5421e-4));
        assertThat(products[1][1]).isCloseTo(1.5971e-4, within(0.04 * 1.5971e-4));
        assertThat(products[2][2]).isCloseTo(1.6286e-4, within(0.04 * 1.6286e-4));
        assertThat(products[0][1]).isCloseTo(1.5585e-4, within(0.04 * 1.5585e-4));
        // Standard error 0.0126 / sqrt(20000) = 9e-5.
        assertThat(sums[0] / images).isCloseTo(0, within(3.6e-4));
    }
}
