package org.sftn.study;

import java.util.List;
import java.util.SortedMap;

/**
 * What {@code study.json} says: all cells of a study, and what they have in common.
 *
 * @param title one line
 * @param question what is asked, a paragraph; may be empty
 * @param codeVersions that trained its runs; several when a study was continued by another version
 * @param dataset the data set's identity
 * @param trainImages of each run
 * @param testImages that students are evaluated on
 * @param teachers the kinds of teacher in the order of the study; the first is what others are compared with
 * @param cells in the order of the study
 * @param configuration the settings that differ from the defaults
 */
public record StudyResult(
        String title,
        String question,
        List<String> codeVersions,
        String dataset,
        long trainImages,
        long testImages,
        List<String> teachers,
        List<Cell> cells,
        SortedMap<String, String> configuration) {
    /** @throws IllegalArgumentException when something is missing */
    public StudyResult {
        if (title == null
                || question == null
                || codeVersions == null
                || dataset == null
                || teachers == null
                || cells == null
                || configuration == null) {
            throw new IllegalArgumentException(
                    "a study needs title, question, code versions, data set, teachers, cells and configuration");
        }
        codeVersions = List.copyOf(codeVersions);
        teachers = List.copyOf(teachers);
        cells = List.copyOf(cells);
    }
}
