package org.sftn.distill;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.sftn.conf.UserException;
import org.sftn.engine.Engine;
import org.sftn.engine.Executable;
import org.sftn.model.ModelDescription;
import org.sftn.model.SavedModel;
import org.sftn.nn.Network;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.Objective;
import org.sftn.train.StepLoss;
import org.sftn.zoo.Architecture;

/** Stage 2: a student and the modules of its methods, trained with a frozen teacher. The model is the student alone. */
public final class DistillObjective implements Objective {
    private static final long serialVersionUID = 1L;
    private static final String STUDENT = "student";

    private final Network model;
    private final Network network;
    private final LinkedHashMap<String, Tensor> initialValues;
    private final Recipe recipe;
    private final Network teacher;
    private final LinkedHashMap<String, Tensor> teacherValues;

    private DistillObjective(
            Network model,
            Network network,
            LinkedHashMap<String, Tensor> initialValues,
            Recipe recipe,
            Network teacher,
            LinkedHashMap<String, Tensor> teacherValues) {
        this.model = model;
        this.network = network;
        this.initialValues = initialValues;
        this.recipe = recipe;
        this.teacher = teacher;
        this.teacherValues = teacherValues;
    }

    /**
     * @param teacher the saved teacher with its network; needed when the recipe needs one
     * @throws UserException when there is no teacher where one is needed, or it was trained on other classes or images
     */
    public static DistillObjective of(
            Architecture student,
            Optional<Architecture> architecture,
            Optional<SavedModel> teacher,
            Recipe recipe,
            long seed) {
        if (recipe.needsTeacher()) {
            ModelDescription taught = teacher.orElseThrow(
                            () -> new UserException("this method needs a teacher: distill.teacher is empty"))
                    .description();
            if (taught.classes() != student.classes() || !taught.imageShape().equals(student.image())) {
                throw new UserException(
                        "the teacher (%s) cannot teach here: it knows %d classes of images of %s, the data have %d classes of images of %s"
                                .formatted(
                                        taught.architecture(),
                                        taught.classes(),
                                        taught.imageShape(),
                                        student.classes(),
                                        student.image()));
            }
        }
        Network model = student.network();
        Network.Builder joint = Network.builder();
        joint.include(STUDENT, model, Map.of(Taps.IMAGE, joint.input(Taps.IMAGE, student.image())));
        Network taught = recipe.needsTeacher() ? architecture.orElseThrow().network() : null;
        new TreeMap<>(recipe.terms())
                .forEach((term, method) -> method.module().ifPresent(module -> {
                    Map<String, String> inputs = new LinkedHashMap<>();
                    module.inputs().forEach((name, shape) -> inputs.put(name, moduleInput(joint, name, model, taught)));
                    joint.include(term, module, inputs);
                }));
        Network network = joint.build();
        return new DistillObjective(
                model,
                network,
                new LinkedHashMap<>(network.initialValues(seed)),
                recipe,
                taught,
                recipe.needsTeacher()
                        ? new LinkedHashMap<>(teacher.orElseThrow().values())
                        : null);
    }

    private static String moduleInput(Network.Builder joint, String name, Network student, Network teacher) {
        if (name.startsWith(DistillationMethod.STUDENT)) {
            return STUDENT + "." + student.tap(name.substring(DistillationMethod.STUDENT.length()));
        }
        if (joint.shape(name) == null) {
            joint.input(name, teacher.tapShape(name.substring(DistillationMethod.TEACHER.length())));
        }
        return name;
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
        Set<String> taps = new TreeSet<>();
        taps.add(DistillationMethod.STUDENT + Taps.LOGITS);
        recipe.terms()
                .forEach((term, method) -> method.needs().stream()
                        .filter(value -> !value.startsWith(DistillationMethod.TEACHER))
                        .forEach(value -> taps.add(tap(term, value))));
        return taps;
    }

    /** The trained network's tap of a student or module value of a term. */
    static String tap(String term, String value) {
        return value.startsWith(DistillationMethod.MODULE)
                ? term + "." + value.substring(DistillationMethod.MODULE.length())
                : value;
    }

    @Override
    public Network model() {
        return model;
    }

    @Override
    public String modelPrefix() {
        return STUDENT;
    }

    @Override
    public StepLoss open(Engine engine, int batch) {
        if (teacher == null) {
            return new DistillLoss(recipe, Optional.empty(), Set.of());
        }
        Set<String> moduleInputs = new TreeSet<>(network.inputs().keySet());
        moduleInputs.remove(Taps.IMAGE);
        Set<String> taps = new TreeSet<>();
        moduleInputs.forEach(name -> taps.add(name.substring(DistillationMethod.TEACHER.length())));
        recipe.terms()
                .values()
                .forEach(method -> method.needs().stream()
                        .filter(value -> value.startsWith(DistillationMethod.TEACHER))
                        .forEach(value -> taps.add(value.substring(DistillationMethod.TEACHER.length()))));
        Executable frozen = engine.compileForInference(teacher, taps, batch);
        frozen.load(teacherValues);
        return new DistillLoss(recipe, Optional.of(frozen), moduleInputs);
    }
}
