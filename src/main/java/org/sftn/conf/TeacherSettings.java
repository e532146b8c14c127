package org.sftn.conf;

import java.io.Serializable;

/** {@code teacher}: see reference.conf for each key. */
public record TeacherSettings(
        String network,
        String student,
        String startFrom,
        double lambdaT,
        double lambdaKl,
        double lambdaCe,
        double temperature,
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
