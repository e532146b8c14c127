package org.sftn.conf;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrintableTest {
    @ParameterizedTest
    @ValueSource(strings = {"n01440764/a b.JPEG", "Köln/日本/😀.png", "a\\b", ""})
    void namesStayAsTheyAre(String name) {
        assertThat(Printable.of(name)).isEqualTo(name);
    }

    @Test
    void nothingForgesALineOrSteersATerminal() {
        assertThat(Printable.of("a\n2026 ERROR b\r\u001B[2J\u0007\u202Ec\u2028\u0000\uD800"))
                .isEqualTo("a\\u000A2026 ERROR b\\u000D\\u001B[2J\\u0007\\u202Ec\\u2028\\u0000\\uD800");
    }

    @Test
    void longNamesAreCut() {
        assertThat(Printable.of("a".repeat(255))).hasSize(255);
        assertThat(Printable.of("a".repeat(256))).isEqualTo("a".repeat(255) + "...");
    }
}
