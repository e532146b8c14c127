package org.sftn.train.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PaceTest {
    private long now;

    /** Rounds of which the early ones take one time and the late ones another. */
    private int early(Pace pace, int rounds, long ofEarly, long ofLate) {
        int early = 0;
        for (int round = 0; round < rounds; round++) {
            pace.begin();
            boolean isEarly = pace.isEarly();
            early += isEarly ? 1 : 0;
            now += isEarly ? ofEarly : ofLate;
            pace.end();
        }
        return early;
    }

    @Test
    void theFasterWayIsKeptAndTriedAgain() {
        Pace pace = new Pace(() -> now);
        // 4 rounds before the first trial, then 6 of each kind.
        assertThat(early(pace, Pace.SETTLED, 90, 100)).isEqualTo(4 + 6);
        assertThat(early(pace, 100, 90, 100)).isEqualTo(100);
        assertThat(early(pace, 140, 110, 100)).isEqualTo(140);
        assertThat(early(pace, Pace.SETTLED, 110, 100)).isEqualTo(4 + 6);
        assertThat(early(pace, 240, 110, 100)).isZero();
        assertThat(early(pace, Pace.SETTLED, 90, 100)).isEqualTo(6);
        assertThat(early(pace, 1, 90, 100)).isEqualTo(1);
    }

    @Test
    void oneSlowRoundDoesNotDecide() {
        Pace pace = new Pace(() -> now);
        early(pace, 6, 90, 100);
        assertThat(early(pace, 1, 1_000_000, 100)).isEqualTo(1);
        early(pace, Pace.SETTLED - 7, 90, 100);
        assertThat(early(pace, 1, 90, 100)).isEqualTo(1);
    }
}
