package org.sftn.job;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sftn.job.run.Existing;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The options of every job. */
final class Options {
    private static final class Choice {
        @Option(names = "--resume", description = "Continue the run in --out; a finished one is left as it is.")
        boolean resume;

        @Option(names = "--overwrite", description = "Delete the run in --out first.")
        boolean overwrite;
    }

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Settings in HOCON; reference.conf in the jar lists them all.")
    String config;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "One setting, stronger than the file; repeatable.")
    private List<String> assignments = new ArrayList<>();

    @Option(names = "--out", paramLabel = "DIR", description = "The folder for all that this run writes.")
    String out;

    @ArgGroup(exclusive = true)
    private Choice choice;

    @Option(names = "--dry-run", description = "Check everything and say what would be done; train and write nothing.")
    boolean dryRun;

    /** The values of {@code --set} by key, as they were typed: picocli's own maps take quotes for a syntax. */
    Map<String, String> set() {
        Map<String, String> set = new LinkedHashMap<>();
        for (String assignment : assignments) {
            String[] keyAndValue = assignment.split("=", 2);
            set.put(keyAndValue[0], keyAndValue.length == 2 ? keyAndValue[1] : "");
        }
        return set;
    }

    Existing existing() {
        if (choice != null && choice.overwrite) {
            return Existing.OVERWRITE;
        }
        return choice != null && choice.resume ? Existing.RESUME : Existing.REFUSE;
    }
}
