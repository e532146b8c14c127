package org.sftn.job;

import java.util.List;

/**
 * What a job is about to do.
 *
 * @param lines for people
 */
record Plan(List<String> lines, Work work) {
    /** The part of a job that takes time and writes. */
    @FunctionalInterface
    interface Work {
        /** @return one line for the user: what came out and where it lies */
        String run() throws Exception;
    }
}
