package org.sftn.conf;

import java.util.Collection;
import java.util.Comparator;

/** What a mistyped name was meant to be. */
public final class Nearest {
    private Nearest() {}

    /**
     * The end of an error message.
     *
     * @param known not empty
     * @return {@code "; did you mean 'NAME'?"} with the known name of the fewest edits (the first of equals), or nothing when
     *     more than a quarter of the unknown name, and more than two characters, would have to change
     */
    public static String suggestion(String unknown, Collection<String> known) {
        String nearest = known.stream()
                .min(Comparator.comparingInt(name -> edits(unknown, name)))
                .orElseThrow();
        return edits(unknown, nearest) <= Math.max(2, unknown.length() / 4) ? "; did you mean '" + nearest + "'?" : "";
    }

    /** Levenshtein's distance. */
    private static int edits(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
