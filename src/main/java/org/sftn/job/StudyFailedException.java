package org.sftn.job;

import java.util.List;
import java.util.Locale;
import org.sftn.study.Cell;

/** Some students of a study are missing, though they could be trained. */
final class StudyFailedException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param failed at least one */
    StudyFailedException(List<Cell> failed, int students) {
        super(String.format(
                Locale.ROOT,
                "%d of %d students have failed, the first is %s: %s",
                failed.size(),
                students,
                failed.get(0).name(),
                failed.get(0).message()));
    }
}
