package org.sftn.train.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class StretchTest {
    private static final Platform AMX =
            new Platform("onednn", "oneDNN 3.11.2", "bf16", "AMX", "a Xeon", 2, "libjpeg-turbo");
    private static final Platform AVX2 =
            new Platform("onednn", "oneDNN 3.11.2", "fp32", "AVX2", "an EPYC", 1, "libjpeg-turbo");
    private static final Platform WITHOUT_LIBRARY =
            new Platform("onednn", "oneDNN 3.11.2", "bf16", "AMX", "a Xeon", 2, "JDK");

    @Test
    void ranksThatAreAlikeAreSaidOnce() {
        assertThat(Stretch.of(0, List.of(AMX, AMX, AMX))).isEqualTo(new Stretch(0, 3, List.of(AMX)));
        assertThat(Stretch.of(7, List.of(AMX, AVX2))).isEqualTo(new Stretch(7, 2, List.of(AMX, AVX2)));
        assertThat(Stretch.of(0, List.of(AMX, AMX)).differencesAmongRanks()).isEmpty();
        assertThat(Stretch.of(0, List.of(AMX, WITHOUT_LIBRARY, WITHOUT_LIBRARY)).differencesAmongRanks())
                .containsExactly("the JPEG decoder JDK instead of libjpeg-turbo on ranks 1, 2");
    }

    @Test
    void whatDiffersIsSaidOnceForAllRanksOrWithTheRank() {
        Stretch amx = Stretch.of(0, List.of(AMX, AMX));

        assertThat(Stretch.of(9, List.of(AMX, AMX)).differencesFrom(amx)).isEmpty();
        assertThat(Stretch.of(9, List.of(AVX2, AVX2)).differencesFrom(amx))
                .containsExactly(
                        "fp32 instead of bf16",
                        "AVX2 instead of AMX",
                        "an EPYC instead of a Xeon",
                        "1 engine thread instead of 2");
        assertThat(Stretch.of(9, List.of(AMX, WITHOUT_LIBRARY)).differencesFrom(amx))
                .containsExactly("the JPEG decoder JDK instead of libjpeg-turbo on rank 1");
        assertThat(Stretch.of(9, List.of(AMX)).differencesFrom(amx)).containsExactly("1 rank instead of 2");
        assertThat(amx.differencesFrom(Stretch.of(9, List.of(AMX)))).containsExactly("2 ranks instead of 1");
    }

    @Test
    void whatGoesOnUnchangedIsOneStretch() {
        Stretch amx = Stretch.of(0, List.of(AMX));
        Stretch avx2 = Stretch.of(9, List.of(AVX2));

        assertThat(amx.after(List.of())).containsExactly(amx);
        assertThat(Stretch.of(5, List.of(AMX)).after(List.of(amx))).containsExactly(amx);
        assertThat(avx2.after(List.of(amx))).containsExactly(amx, avx2);
    }

    @Test
    void thereAreAsManyPlatformsAsRanksOrOne() {
        assertThatThrownBy(() -> new Stretch(0, 3, List.of(AMX, AMX)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("2 platforms of 3 ranks");
        assertThatThrownBy(() -> new Stretch(0, 0, List.of(AMX))).isInstanceOf(IllegalArgumentException.class);
    }
}
