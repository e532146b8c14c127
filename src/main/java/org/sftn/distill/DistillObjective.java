package org.sftn.distill;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.TrainingSettings;
import org.sftn.engine.Engine;
import org.sftn.engine.Executable;
import org.sftn.nn.Network;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.InitialValues;
import org.sftn.train.Objective;
import org.sftn.train.RankLabels;
import org.sftn.train.StepLoss;

/**
 * Stage 2: a student and the modules of its methods, trained with a frozen teacher. The model is the student alone. Or a
 * method's preliminary stage, which has no model.
 */
public final class DistillObjective implements Objective {
    private static final long serialVersionUID = 1L;
    private static final String STUDENT = "student";

    private final TreeMap<String, DistillationMethod> terms;
    private final double crossEntropyWeight;
    private final double labelSmoothing;
    private final @Nullable Network model;
    private final LinkedHashMap<String, Tensor> fixedValues;
    private final Network network;
    private final LinkedHashMap<String, Tensor> initialValues;
    private final @Nullable Network teacher;
    private final LinkedHashMap<String, Tensor> teacherValues;

    private DistillObjective(
            TreeMap<String, DistillationMethod> terms,
            double crossEntropyWeight,
            double labelSmoothing,
            @Nullable Network model,
            LinkedHashMap<String, Tensor> fixedValues,
            Network network,
            LinkedHashMap<String, Tensor> initialValues,
            @Nullable Network teacher,
            LinkedHashMap<String, Tensor> teacherValues) {
        this.terms = terms;
        this.crossEntropyWeight = crossEntropyWeight;
        this.labelSmoothing = labelSmoothing;
        this.model = model;
        this.fixedValues = fixedValues;
        this.network = network;
        this.initialValues = initialValues;
        this.teacher = teacher;
        this.teacherValues = teacherValues;
    }

    /** @param training of which this uses the smoothing of labels and how residual blocks start */
    public static DistillObjective of(Pair pair, Recipe recipe, TrainingSettings training, long seed) {
        return of(pair, recipe, recipe.student().network(), training, seed);
    }

    /** The stage that comes first, if the recipe has one, and its schedule. */
    public record PreliminaryRun(DistillObjective objective, Preliminary.Schedule schedule) {}

    /** What is to be trained before {@link #of}; {@link #startingFrom} takes its values. */
    public static Optional<PreliminaryRun> first(Pair pair, Recipe recipe, TrainingSettings training, long seed) {
        return new TreeMap<>(recipe.terms())
                .entrySet().stream()
                        .flatMap(term -> term.getValue().preliminary().stream().map(first -> {
                            Recipe alone = new Recipe(
                                    0, Map.of(term.getKey(), first.method()), recipe.student(), recipe.fixedValues());
                            return new PreliminaryRun(of(pair, alone, null, training, seed), first.schedule());
                        }))
                        .filter(first -> first.schedule().epochs() > 0)
                        .findFirst();
    }

    /** @param model null for a preliminary stage */
    private static DistillObjective of(
            Pair pair, Recipe recipe, @Nullable Network model, TrainingSettings training, long seed) {
        TreeMap<String, DistillationMethod> terms = new TreeMap<>(recipe.terms());
        Network student = recipe.student().network();
        @Nullable
        Network taught = recipe.needsTeacher() ? taught(terms, pair.teacher().network()) : null;
        Network.Builder joint = Network.builder();
        joint.include(
                STUDENT,
                student,
                Map.of(Taps.IMAGE, joint.input(Taps.IMAGE, student.inputs().get(Taps.IMAGE))));
        terms.forEach((term, method) -> method.module().ifPresent(module -> {
            Map<String, String> inputs = new LinkedHashMap<>();
            module.inputs().keySet().forEach(name -> inputs.put(name, moduleInput(joint, name, student, taught)));
            joint.include(term, module, inputs);
        }));
        Set<String> trained = taps(terms, recipe.crossEntropyWeight());
        if (model != null && recipe.fixedValues().isEmpty()) {
            trained.add(DistillationMethod.STUDENT_LOGITS);
        }
        Network network = joint.build().restrictedTo(trained);
        LinkedHashMap<String, Tensor> teacherValues = new LinkedHashMap<>();
        if (taught != null) {
            Map<String, Tensor> saved = pair.saved().values();
            teacherValues.putAll(saved);
            teacherValues.putAll(taught.initialValues(seed, saved.keySet()));
        }
        return new DistillObjective(
                terms,
                recipe.crossEntropyWeight(),
                training.labelSmoothing(),
                model,
                new LinkedHashMap<>(recipe.fixedValues()),
                network,
                InitialValues.of(network, training, seed),
                taught,
                teacherValues);
    }

    /** The teacher with what is frozen behind it, under the term's name. */
    private static Network taught(Map<String, DistillationMethod> terms, Network teacher) {
        Network.Builder builder = Network.builder();
        Map<String, String> taps = builder.include(
                "",
                teacher,
                Map.of(Taps.IMAGE, builder.input(Taps.IMAGE, teacher.inputs().get(Taps.IMAGE))));
        terms.forEach((term, method) -> method.frozen().ifPresent(frozen -> {
            Map<String, String> inputs = new LinkedHashMap<>();
            frozen.inputs()
                    .keySet()
                    .forEach(name -> inputs.put(name, taps.get(name.substring(DistillationMethod.TEACHER.length()))));
            builder.include(term, frozen, inputs);
        }));
        return builder.build();
    }

    private static String moduleInput(Network.Builder joint, String name, Network student, @Nullable Network teacher) {
        if (name.startsWith(DistillationMethod.STUDENT)) {
            return STUDENT + "." + student.tap(name.substring(DistillationMethod.STUDENT.length()));
        }
        if (joint.shape(name) == null) {
            joint.input(
                    name,
                    Objects.requireNonNull(teacher).tapShape(name.substring(DistillationMethod.TEACHER.length())));
        }
        return name;
    }

    /** This objective with what a preliminary stage has made of values of the same names. */
    public DistillObjective startingFrom(Map<String, Tensor> values) {
        return new DistillObjective(
                terms,
                crossEntropyWeight,
                labelSmoothing,
                model,
                fixedValues,
                network,
                replaced(initialValues, values),
                teacher,
                replaced(teacherValues, values));
    }

    private static LinkedHashMap<String, Tensor> replaced(Map<String, Tensor> before, Map<String, Tensor> values) {
        LinkedHashMap<String, Tensor> after = new LinkedHashMap<>(before);
        after.replaceAll((name, value) -> values.getOrDefault(name, value));
        return after;
    }

    /** See {@link DistillationMethod#notes}. */
    public List<String> notes(long images, int batch) {
        List<String> notes = new ArrayList<>();
        terms.forEach((term, method) -> method.notes(images, batch).forEach(note -> notes.add(term + ": " + note)));
        return notes;
    }

    @Override
    public Network network() {
        return network;
    }

    @Override
    public Map<String, Tensor> initialValues() {
        return initialValues;
    }

    @Override
    public Set<String> taps() {
        return taps(terms, crossEntropyWeight);
    }

    private static Set<String> taps(Map<String, DistillationMethod> terms, double crossEntropyWeight) {
        Set<String> taps = new TreeSet<>();
        if (crossEntropyWeight > 0) {
            taps.add(DistillationMethod.STUDENT_LOGITS);
        }
        terms.forEach((term, method) ->
                method.needs().stream().filter(value -> !isTaught(value)).forEach(value -> taps.add(tap(term, value))));
        return taps;
    }

    /** Whether the frozen teacher, or what stands behind it, makes a value. */
    static boolean isTaught(String value) {
        return value.startsWith(DistillationMethod.TEACHER) || value.startsWith(DistillationMethod.FROZEN);
    }

    /** What a value of a term is called outside it: a tap of the trained network, or {@code teacher.TAP}. */
    static String tap(String term, String value) {
        if (value.startsWith(DistillationMethod.MODULE)) {
            return term + "." + value.substring(DistillationMethod.MODULE.length());
        }
        if (value.startsWith(DistillationMethod.FROZEN)) {
            return DistillationMethod.TEACHER + term + "." + value.substring(DistillationMethod.FROZEN.length());
        }
        return value;
    }

    @Override
    public Map<String, String> logits() {
        boolean has = model != null && network.taps().containsKey(DistillationMethod.STUDENT_LOGITS);
        return has ? Map.of(MODEL, DistillationMethod.STUDENT_LOGITS) : Map.of();
    }

    @Override
    public int views() {
        return widest().count();
    }

    @Override
    public Set<String> remembering() {
        return terms.keySet().stream()
                .filter(term -> terms.get(term).remembers())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private Views widest() {
        return terms.values().stream()
                .map(DistillationMethod::views)
                .reduce(Views.PLAIN, (a, b) -> a.count() >= b.count() ? a : b);
    }

    @Override
    public Optional<Network> model() {
        return Optional.ofNullable(model);
    }

    @Override
    public String modelPrefix() {
        return STUDENT;
    }

    @Override
    public Map<String, Tensor> fixedValues() {
        return fixedValues;
    }

    @Override
    public StepLoss open(Engine engine, RankLabels shard) {
        Set<String> inputs = network.inputs().keySet();
        Optional<Executable> frozen = Optional.empty();
        if (teacher != null) {
            Set<String> taught = new TreeSet<>();
            inputs.stream().filter(name -> !name.equals(Taps.IMAGE)).forEach(taught::add);
            terms.forEach((term, method) -> method.needs().stream()
                    .filter(DistillObjective::isTaught)
                    .forEach(value -> taught.add(tap(term, value))));
            Set<String> taps = new TreeSet<>();
            taught.forEach(name -> taps.add(name.substring(DistillationMethod.TEACHER.length())));
            if (!taps.isEmpty()) {
                Executable compiled = engine.compileForInference(teacher, taps, shard.batch() * views());
                compiled.load(teacherValues);
                frozen = Optional.of(compiled);
            }
        }
        return new DistillLoss(
                crossEntropyWeight,
                labelSmoothing,
                terms,
                widest(),
                frozen,
                inputs,
                new MethodContext(shard, engine.arithmetic()));
    }
}
