package org.sftn.distill.method;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.sftn.conf.Nearest;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.distill.DistillationMethod;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;

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
                    Fitnet.NAME,
                    "one stage's feature map, through a trained regressor",
                    "Romero et al. 2015, arXiv 1412.6550",
                    Fitnet::bind),
            new Method(
                    At.NAME,
                    "where each stage is active, over all channels",
                    "Zagoruyko and Komodakis 2017, arXiv 1612.03928",
                    At::bind),
            new Method(
                    Sp.NAME,
                    "which images of a batch have similar maps at the last stage",
                    "Tung and Mori 2019, arXiv 1907.09682",
                    Sp::bind),
            new Method(
                    Crd.NAME,
                    "the teacher's embedding of the same image against those of images of other classes",
                    "Tian et al. 2020, arXiv 1910.10699",
                    Crd::bind),
            new Method(
                    Sskd.NAME,
                    "outputs for rotated images, and how near these are to the plain ones",
                    "Xu et al. 2020, arXiv 2006.07114",
                    Sskd::bind),
            new Method(
                    Oh.NAME,
                    "each stage before its ReLU, by a partial distance",
                    "Heo et al. 2019, arXiv 1904.01866",
                    Oh::bind),
            new Method(
                    Vid.NAME,
                    "each stage's feature map as a Gaussian that the student predicts",
                    "Ahn et al. 2019, arXiv 1904.05835",
                    Vid::bind),
            new Method(
                    Rkd.NAME,
                    "distances and angles between the pooled features of a batch",
                    "Park et al. 2019, arXiv 1904.05068",
                    Rkd::bind),
            new Method(
                    Pkt.NAME,
                    "which images of a batch are near each other, as probabilities",
                    "Passalis and Tefas 2018, arXiv 1803.10837",
                    Pkt::bind),
            new Method(
                    Ab.NAME,
                    "which of the teacher's neurons are active, before the training by cross-entropy",
                    "Heo et al. 2019, arXiv 1811.03233",
                    Ab::bind),
            new Method(
                    Ft.NAME,
                    "factors of the last stage, which an autoencoder has found in the teacher's",
                    "Kim et al. 2018, arXiv 1802.04977",
                    Ft::bind),
            new Method(
                    Cc.NAME,
                    "the teacher's pooled features, embedded, in pairs of images",
                    "Peng et al. 2019, arXiv 1904.01802",
                    Cc::bind),
            new Method(
                    Nst.NAME,
                    "the distribution of each stage's channels, by maximum mean discrepancy",
                    "Huang and Wang 2017, arXiv 1707.01219",
                    Nst::bind),
            new Method(
                    Fsp.NAME,
                    "the products of consecutive feature maps, before the training by cross-entropy",
                    "Yim et al. 2017, CVPR",
                    Fsp::bind),
            new Method(
                    Dkd.NAME,
                    "the teacher's outputs, of the label's class and of the others apart",
                    "Zhao et al. 2022, arXiv 2203.08679",
                    Dkd::bind),
            new Method(
                    Dist.NAME,
                    "outputs that correlate with the teacher's, by image and by class",
                    "Huang et al. 2022, arXiv 2205.10536",
                    Dist::bind),
            new Method(
                    ReviewKd.NAME,
                    "every stage fused with all deeper ones",
                    "Chen et al. 2021, arXiv 2104.09044",
                    ReviewKd::bind),
            new Method(
                    SimKd.NAME,
                    "the map before the teacher's classifier, which is kept",
                    "Chen et al. 2022, arXiv 2203.14001",
                    SimKd::bind));

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
            throw new UserException(String.format(
                    Locale.ROOT,
                    "distill.add-kd is %s, but distill.method is kd already: set distill.kd.weight",
                    addKd));
        }
        if (!recipe.fixedValues().isEmpty()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "distill.add-kd is %s, but method %s keeps the teacher's classifier and trains no outputs: set it to 0",
                    addKd,
                    method.name()));
        }
        Map<String, DistillationMethod> terms = new HashMap<>(recipe.terms());
        terms.put(
                Kd.NAME,
                settings.bind("distill." + Kd.NAME, Kd.KdSettings.class).weighted(addKd));
        return new Recipe(recipe.crossEntropyWeight(), terms, recipe.student(), recipe.fixedValues());
    }

    /** @throws UserException when there is none of this name; it says which is nearest */
    public static Method named(String name) {
        List<String> names = ALL.stream().map(Method::name).toList();
        return ALL.stream()
                .filter(m -> m.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new UserException(String.format(
                        Locale.ROOT,
                        "distill.method cannot be '%s'; there are %s%s",
                        name,
                        names.stream().collect(Collectors.joining(", ")),
                        Nearest.suggestion(name, names))));
    }
}
