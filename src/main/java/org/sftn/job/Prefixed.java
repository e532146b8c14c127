package org.sftn.job;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Passes whole lines on, each behind a prefix, so that those of several writers do not mix. */
final class Prefixed extends OutputStream {
    private final String prefix;
    private final PrintStream to;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    Prefixed(String prefix, PrintStream to) {
        this.prefix = prefix;
        this.to = to;
    }

    @Override
    public synchronized void write(int character) {
        if (character == '\n') {
            to.println(prefix + line.toString(StandardCharsets.UTF_8));
            line.reset();
        } else {
            line.write(character);
        }
    }
}
