package org.sftn.distill;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.zoo.Architecture;

/** The table of methods: a method is its file, its row here and its block in reference.conf. */
public final class Methods {
    /**
     * A row.
     *
     * @param name in {@code distill.method}; the method's settings are {@code distill.NAME}
     * @param summary one line for users
     * @param paper where it is defined
     */
    public record Method(String name, String summary, String paper, Binder binder) {
        /**
         * @param teacher empty when the user names none
         * @throws UserException when the pair does not suit the method
         */
        public Recipe bind(Settings settings, Optional<Architecture> teacher, Architecture student) {
            return binder.bind(settings, "distill." + name, teacher, student);
        }
    }

    /** Makes a recipe from a method's settings for a pair. */
    @FunctionalInterface
    public interface Binder {
        Recipe bind(Settings settings, String path, Optional<Architecture> teacher, Architecture student);
    }

    private static final List<Method> ALL = List.of(
            new Method(
                    "none",
                    "the student alone, by cross-entropy",
                    "",
                    (s, path, teacher, student) -> new Recipe(1, Map.of())),
            new Method("kd", "the teacher's softened outputs", "Hinton et al. 2015, arXiv 1503.02531", Kd::bind));

    private Methods() {}

    public static List<Method> all() {
        return ALL;
    }

    /** @throws UserException naming the methods that there are */
    public static Method named(String name) {
        return ALL.stream()
                .filter(m -> m.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new UserException("distill.method cannot be '%s'; there are %s"
                        .formatted(name, ALL.stream().map(Method::name).collect(Collectors.joining(", ")))));
    }
}
