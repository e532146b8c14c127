package org.sftn.predict;

import java.io.Serializable;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.sftn.conf.UserException;
import org.sftn.data.unlabeled.PassedColumn;

/**
 * The columns of a table of answers: those that are passed through, name, class, probability, best (the best classes with their
 * probabilities), logits and features where they are asked for, and reason.
 *
 * @param top how many of the best classes
 */
public record AnswerColumns(List<PassedColumn> passed, int top, boolean logits, boolean features)
        implements Serializable {
    static final String NAME = "name";
    static final String CLASS = "class";
    static final String PROBABILITY = "probability";
    static final String BEST = "best";
    static final String LOGITS = "logits";
    static final String FEATURES = "features";
    static final String REASON = "reason";
    private static final Set<String> OWN = Set.of(NAME, CLASS, PROBABILITY, BEST, LOGITS, FEATURES, REASON);

    /** @throws UserException when two columns have one name */
    public AnswerColumns {
        passed = List.copyOf(passed);
        Set<String> own = new HashSet<>(OWN);
        for (int place = 2; place <= top; place++) {
            own.add(ranked(CLASS, place));
            own.add(ranked(PROBABILITY, place));
        }
        List<String> doubled = passed.stream()
                .map(PassedColumn::name)
                .filter(name -> own.contains(name.toLowerCase(Locale.ROOT)))
                .toList();
        if (!doubled.isEmpty()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "the columns %s cannot be passed through: the predictions have columns of these names (%s%s)",
                    String.join(", ", doubled),
                    OWN.stream().sorted().collect(Collectors.joining(", ")),
                    top < 2 ? "" : ", in CSV also those from class_2 to probability_" + top));
        }
    }

    /** The CSV's column for one of the best classes but the first. */
    static String ranked(String column, int place) {
        return column + "_" + place;
    }
}
