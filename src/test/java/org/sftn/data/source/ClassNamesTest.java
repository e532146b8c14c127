package org.sftn.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sftn.conf.UserException;

class ClassNamesTest {
    private static final ClassNames DATA = new ClassNames("the data", List.of("cat", "dog", "cow"));
    private static final ClassNames NAMELESS = new ClassNames("the model", List.of("class 0", "class 1", "class 2"));

    @Test
    void classesWithoutNamesGoWithAny() {
        assertThat(ClassNames.none(3)).isEqualTo(NAMELESS.names());
        assertThat(ClassNames.common(List.of(DATA, NAMELESS))).containsExactly("cat", "dog", "cow");
        assertThat(ClassNames.common(List.of(NAMELESS, DATA))).containsExactly("cat", "dog", "cow");
        assertThat(ClassNames.common(List.of(NAMELESS))).isEqualTo(NAMELESS.names());
    }

    @Test
    void theFirstLabelThatDiffersIsNamed() {
        assertRefused(
                List.of(DATA, new ClassNames("the model", List.of("cat", "cow", "dog"))),
                "label 1 is 'dog' in the data and 'cow' in the model: both must have the same classes in the same order");
        assertRefused(
                List.of(DATA, NAMELESS, new ClassNames("the teacher", List.of("cat", "dog", "Cow"))),
                "label 2 is 'cow' in the data and 'Cow' in the teacher: both must have the same classes in the same order");
        // Two that have names differ, though what they meet on has none.
        assertRefused(
                List.of(NAMELESS, DATA, new ClassNames("the teacher", List.of("\u001b[2J", "dog", "cow"))),
                "label 0 is 'cat' in the data and '\\u001B[2J' in the teacher: both must have the same classes in the same order");
    }

    @Test
    void numbersInPlaceOfNamesAreNames() {
        // A class folder's order is that of its name.
        ClassNames folders = new ClassNames("the data", List.of("0", "1", "10", "2"));
        ClassNames ordered = new ClassNames("the model", List.of("0", "1", "2", "10"));

        assertRefused(
                List.of(folders, ordered),
                "label 2 is '10' in the data and '2' in the model: both must have the same classes in the same order");
    }

    @Test
    void anotherNumberOfClassesIsRefused() {
        assertRefused(
                List.of(DATA, new ClassNames("the model", List.of("cat", "dog"))),
                "the data has 3 classes, the model has 2");
    }

    private static void assertRefused(List<ClassNames> all, String message) {
        assertThatThrownBy(() -> ClassNames.common(all))
                .isInstanceOf(UserException.class)
                .hasMessage(message);
    }
}
