package org.sftn.study;

import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.sftn.evaluate.Similarity;

/**
 * A student of a study, and what came of it.
 *
 * @param name unique in the study: the folder of its run
 * @param teacherRun the name of its teacher's run, which may serve other cells, too; null for a student alone
 * @param teacher a kind of teacher that the study declares, such as {@code standard}; null for a student alone
 * @param method of distillation; {@code none} for a student alone
 * @param varied settings that the study varies, by key
 * @param message why it is not done; null when it is
 * @param student null unless it is done, as all that follows
 * @param teacherScores null for a student alone, as the similarity
 * @param curve epochs that were evaluated, in order
 * @param studentCoreHours cores times hours of training the student
 * @param teacherCoreHours of its teacher; 0 for a student alone
 */
public record Cell(
        String name,
        @Nullable String teacherRun,
        Networks networks,
        @Nullable String teacher,
        String method,
        SortedMap<String, String> varied,
        long seed,
        State state,
        @Nullable String message,
        @Nullable Scores student,
        @Nullable Scores teacherScores,
        @Nullable Similarity similarity,
        List<CurvePoint> curve,
        double studentCoreHours,
        double teacherCoreHours) {
    /** How it ended. */
    public enum State {
        DONE,
        /** It cannot be done as asked, such as a method that does not fit the two networks. */
        REFUSED,
        FAILED
    }

    /** @throws IllegalArgumentException when something is missing that a cell of its state has */
    public Cell {
        if (name == null || networks == null || method == null || state == null || varied == null || curve == null) {
            throw new IllegalArgumentException("a student needs name, networks, method, state, varied and curve");
        }
        if (varied.containsValue(null)) {
            throw new IllegalArgumentException("a setting of the student '" + name + "' has no value");
        }
        if (state == State.DONE && student == null) {
            throw new IllegalArgumentException("the student '" + name + "' is done and has no scores");
        }
        varied = Collections.unmodifiableSortedMap(new TreeMap<>(varied));
        curve = List.copyOf(curve);
    }

    /** Of a student that is done. */
    public Scores scores() {
        return Objects.requireNonNull(student);
    }

    public static Cell done(
            StudentRun run,
            Scores student,
            @Nullable Scores teacher,
            @Nullable Similarity similarity,
            List<CurvePoint> curve,
            double studentCoreHours,
            double teacherCoreHours) {
        return of(run, State.DONE, null, student, teacher, similarity, curve, studentCoreHours, teacherCoreHours);
    }

    public static Cell undone(StudentRun run, State state, String message) {
        return of(run, state, message, null, null, null, List.of(), 0, 0);
    }

    private static Cell of(
            StudentRun run,
            State state,
            @Nullable String message,
            @Nullable Scores student,
            @Nullable Scores teacher,
            @Nullable Similarity similarity,
            List<CurvePoint> curve,
            double studentCoreHours,
            double teacherCoreHours) {
        return new Cell(
                run.name(),
                run.teacherRun(),
                run.networks(),
                run.teacher(),
                run.method(),
                run.varied(),
                run.seed(),
                state,
                message,
                student,
                teacher,
                similarity,
                curve,
                studentCoreHours,
                teacherCoreHours);
    }
}
