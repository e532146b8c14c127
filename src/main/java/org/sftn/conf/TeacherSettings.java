package org.sftn.conf;

import java.io.Serializable;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Limit.MoreThan;

/** {@code teacher}: see reference.conf for each key. */
public record TeacherSettings(
        String network,
        String student,
        String startFrom,
        @AtLeast(0) double lambdaT,
        @AtLeast(0) double lambdaKl,
        @AtLeast(0) double lambdaCe,
        @MoreThan(0) double temperature,
        Kl kl,
        boolean detachTeacher,
        boolean shareBranches)
        implements Serializable {
    /** The direction of the divergence between the teacher's and a branch's outputs. */
    public enum Kl {
        /** KL(teacher||branch). */
        TEACHER_BRANCH,
        /** KL(branch||teacher). */
        BRANCH_TEACHER
    }
}
