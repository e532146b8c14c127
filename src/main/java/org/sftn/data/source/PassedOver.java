package org.sftn.data.source;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Counts what lies in a source and is not taken for an image. */
public final class PassedOver {
    /** Why it is not. */
    public enum Reason {
        HIDDEN("hidden file or folder", "hidden files or folders"),
        NO_IMAGE("file without an extension of images", "files without an extension of images"),
        NO_TAR("file whose name does not end in .tar", "files whose names do not end in .tar"),
        NO_SAMPLE("file that is neither an image nor its label", "files that are neither an image nor its label"),
        NO_CLASS("file outside the class folders", "files outside the class folders"),
        NO_SPLIT("file or folder beside those of the splits", "files or folders beside those of the splits"),
        LOOP("link that leads back", "links that lead back");

        private final String one;
        private final String many;

        Reason(String one, String many) {
            this.one = one;
            this.many = many;
        }
    }

    private record Tally(long count, String first) {}

    private final String where;
    private final Map<Reason, Tally> tallies = new EnumMap<>(Reason.class);

    /** @param where all of it lies */
    public PassedOver(String where) {
        this.where = where;
    }

    public void add(Reason reason, String name) {
        tallies.merge(reason, new Tally(1, name), (all, one) -> new Tally(all.count() + 1, all.first()));
    }

    /** A line for each reason, for people. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        tallies.forEach((reason, tally) -> lines.add(
                tally.count() == 1
                        ? String.format(Locale.ROOT, "%s: 1 %s passed over: %s", where, reason.one, tally.first())
                        : String.format(
                                Locale.ROOT,
                                "%s: %,d %s passed over, the first %s",
                                where,
                                tally.count(),
                                reason.many,
                                tally.first())));
        return lines;
    }
}
