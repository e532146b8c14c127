package org.sftn.job;

import java.util.List;

/**
 * What a job is about to do.
 *
 * @param lines for people
 * @param rehearsal finds out what else can be known before the work, in seconds and without writing; for {@code --dry-run}
 */
record JobPlan(List<String> lines, Work work, Rehearsal rehearsal) {
    JobPlan(List<String> lines, Work work) {
        this(lines, work, () -> {});
    }

    /** Of a job that is done already. */
    static JobPlan nothing(String outcome) {
        return new JobPlan(List.of(), () -> outcome);
    }

    /** The part of a job that takes time and writes. */
    @FunctionalInterface
    interface Work {
        /** @return lines for the user: what came out and where it lies */
        String run() throws Exception;
    }

    /** See {@link JobPlan}. */
    @FunctionalInterface
    interface Rehearsal {
        void run() throws Exception;
    }
}
