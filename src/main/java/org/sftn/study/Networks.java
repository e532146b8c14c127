package org.sftn.study;

/**
 * Who learns from whom.
 *
 * @param teacher a network of the zoo
 * @param student likewise
 * @param branches the network whose branches a student-friendly teacher is trained with: the student, unless the study asks how
 *     a student fares that its teacher has not seen
 */
public record Networks(String teacher, String student, String branches) {
    /** @throws IllegalArgumentException when a name is missing */
    public Networks {
        if (teacher == null || student == null || branches == null) {
            throw new IllegalArgumentException("networks need teacher, student and branches");
        }
    }
}
