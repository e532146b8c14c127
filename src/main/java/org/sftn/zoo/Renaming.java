package org.sftn.zoo;

import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** From a node's name to that of a reference's module, by the first rule for the whole name; what no rule is for stays. */
record Renaming(List<Rule> rules) implements UnaryOperator<String> {
    /** Keeps all names. */
    static final Renaming NONE = new Renaming(List.of());

    /** What becomes of names of a pattern. */
    record Rule(Pattern pattern, Function<MatchResult, String> replacement) {}

    Renaming {
        rules = List.copyOf(rules);
    }

    /** @param replacement with {@code $1} for the pattern's first group */
    Renaming with(String pattern, String replacement) {
        Pattern compiled = Pattern.compile(pattern);
        return with(pattern, match -> compiled.matcher(match.group()).replaceFirst(replacement));
    }

    Renaming with(String pattern, Function<MatchResult, String> replacement) {
        Rule rule = new Rule(Pattern.compile(pattern), replacement);
        return new Renaming(Stream.concat(rules.stream(), Stream.of(rule)).toList());
    }

    static int number(MatchResult match, int group) {
        return Integer.parseInt(match.group(group));
    }

    /**
     * The place of {@code convN} or {@code bnN} among modules that are a convolution, a batch-norm and an activation in turn.
     *
     * @param kind conv or bn
     * @param number from 1
     */
    static int place(String kind, int number) {
        return 3 * (number - 1) + offset(kind);
    }

    /** Of a batch-norm from its convolution. */
    static int offset(String kind) {
        return kind.equals("bn") ? 1 : 0;
    }

    @Override
    public String apply(String node) {
        for (Rule rule : rules) {
            Matcher matcher = rule.pattern().matcher(node);
            if (matcher.matches()) {
                return rule.replacement().apply(matcher.toMatchResult());
            }
        }
        return node;
    }
}
