package org.sftn.train;

import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.sftn.engine.Engine;

/** What the ranks' engines must have in common: the rest of a description, as the number of threads, may differ. */
final class Arithmetic {
    private static final Pattern PRECISION = Pattern.compile("\\b(fp32|bf16)\\b");

    private Arithmetic() {}

    /** The engine's name and the precisions that its description names. */
    static String of(Engine engine) {
        return PRECISION
                .matcher(engine.description())
                .results()
                .map(MatchResult::group)
                .collect(Collectors.joining(" ", engine.name() + " ", ""))
                .strip();
    }
}
