package org.sftn.distill;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.sftn.conf.Nearest;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;

/** The table of methods: a method is its file, its row here and its block in reference.conf. */
public final class Methods {
    /**
     * A row.
     *
     * @param name in {@code distill.method}; the method's settings are {@code distill.NAME}
     * @param summary one line for users
     * @param paper where it is defined
     */
    public record Method(String name, String summary, String paper, Binder binder) {}

    /** Makes a recipe from a method's settings for a pair. */
    @FunctionalInterface
    public interface Binder {
        /**
         * @param path of the method's settings
         * @throws UserException when the pair does not suit the method
         */
        Recipe bind(Settings settings, String path, Pair pair);
    }

    private static final List<Method> ALL = List.of(
            new Method(
                    "none",
                    "the student alone, by cross-entropy",
                    "",
                    (settings, path, pair) -> new Recipe(1, Map.of(), pair)),
            new Method(Kd.NAME, "the teacher's softened outputs", "Hinton et al. 2015, arXiv 1503.02531", Kd::bind),
            new Method(
                    Crd.NAME,
                    "the teacher's embedding of the same image against those of images of other classes",
                    "Tian et al. 2020, arXiv 1910.10699",
                    Crd::bind),
            new Method(
                    Sskd.NAME,
                    "outputs for turned images, and how near these are to the plain ones",
                    "Xu et al. 2020, arXiv 2006.07114",
                    Sskd::bind));

    private Methods() {}

    public static List<Method> all() {
        return ALL;
    }

    /**
     * The recipe of {@code distill}: the chosen method, and KD beside it if {@code distill.add-kd} is not 0.
     *
     * @throws UserException when there is no such method or it does not suit the pair
     */
    public static Recipe recipe(Settings settings, Pair pair) {
        Method method = named(settings.distill().method());
        Recipe recipe = method.binder().bind(settings, "distill." + method.name(), pair);
        double addKd = settings.distill().addKd();
        if (addKd == 0) {
            return recipe;
        }
        if (method.name().equals(Kd.NAME)) {
            throw new UserException(
                    "distill.add-kd is %s, but distill.method is kd already: set distill.kd.weight".formatted(addKd));
        }
        Map<String, DistillationMethod> terms = new HashMap<>(recipe.terms());
        terms.put(
                Kd.NAME,
                new Kd(
                        addKd,
                        settings.bind("distill." + Kd.NAME, Kd.KdSettings.class).temperature()));
        return new Recipe(recipe.crossEntropyWeight(), terms, recipe.student(), recipe.fixedValues());
    }

    private static Method named(String name) {
        List<String> names = ALL.stream().map(Method::name).toList();
        return ALL.stream()
                .filter(m -> m.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new UserException("distill.method cannot be '%s'; there are %s%s"
                        .formatted(
                                name,
                                names.stream().collect(Collectors.joining(", ")),
                                Nearest.suggestion(name, names))));
    }
}
