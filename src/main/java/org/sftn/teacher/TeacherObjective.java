package org.sftn.teacher;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sftn.conf.TeacherSettings;
import org.sftn.conf.TrainingSettings;
import org.sftn.conf.UserException;
import org.sftn.engine.Engine;
import org.sftn.model.SavedModel;
import org.sftn.nn.Network;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.train.InitialValues;
import org.sftn.train.Objective;
import org.sftn.train.RankLabels;
import org.sftn.train.StepLoss;
import org.sftn.train.loss.Loss;
import org.sftn.zoo.Architecture;

/**
 * Stage 1 of arXiv 2102.07650: a teacher and, when there is a student, its branches, trained together. The model is the
 * teacher alone.
 */
public final class TeacherObjective implements Objective {
    private static final long serialVersionUID = 1L;
    private static final String TEACHER = "teacher";

    private final TeacherSettings settings;
    private final double labelSmoothing;
    private final Network model;
    private final Network network;
    private final int branches;
    private final LinkedHashMap<String, Tensor> initialValues;

    private TeacherObjective(
            TeacherSettings settings,
            double labelSmoothing,
            Network model,
            Network network,
            int branches,
            LinkedHashMap<String, Tensor> initialValues) {
        this.settings = settings;
        this.labelSmoothing = labelSmoothing;
        this.model = model;
        this.network = network;
        this.branches = branches;
        this.initialValues = initialValues;
    }

    /**
     * @param training of which this uses the smoothing of labels and how residual blocks start
     * @param student whose branches are grown; empty for a standard teacher
     * @param start the saved teacher to start from; empty for fresh weights
     * @throws UserException when the branches do not fit, or {@code start} is another network
     */
    public static TeacherObjective of(
            TeacherSettings settings,
            TrainingSettings training,
            Architecture teacher,
            Optional<Architecture> student,
            Optional<SavedModel> start,
            long seed) {
        Network model = teacher.network();
        Network.Builder joint = Network.builder();
        String image = joint.input(Taps.IMAGE, teacher.image());
        Map<String, String> stages = joint.include(TEACHER, model, Map.of(Taps.IMAGE, image));
        List<Branch> points = student.map(s -> Branch.of(teacher, s)).orElse(List.of());
        for (int i = 1; i <= points.size(); i++) {
            Branch point = points.get(i - 1);
            String feature = stages.get(Taps.stage(point.teacherStage()));
            String transformed = joint.include(
                            "transform" + i,
                            point.transform(teacher, student.orElseThrow()),
                            Map.of(Branch.FEATURES, feature))
                    .get(Branch.TRANSFORMED);
            Network tail = student.orElseThrow().tail(point.studentStage());
            Map<String, String> input = Map.of(tail.inputs().keySet().iterator().next(), transformed);
            if (settings.shareBranches() && i > 1) {
                joint.includeSharing(branch(i), tail, input, branch(1));
            } else {
                joint.include(branch(i), tail, input);
            }
        }
        Network network = joint.build();
        LinkedHashMap<String, Tensor> values = InitialValues.of(network, training, seed);
        start.ifPresent(saved -> startFrom(saved, teacher, values));
        return new TeacherObjective(settings, training.labelSmoothing(), model, network, points.size(), values);
    }

    private static void startFrom(SavedModel saved, Architecture teacher, Map<String, Tensor> values) {
        if (!saved.description().architecture().equals(teacher.name())
                || saved.description().classes() != teacher.classes()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "teacher.start-from holds %s with %d classes; a %s with %d classes cannot start from it",
                    saved.description().architecture(),
                    saved.description().classes(),
                    teacher.name(),
                    teacher.classes()));
        }
        saved.values().forEach((name, tensor) -> values.replace(TEACHER + "." + name, tensor));
    }

    private static String branch(int i) {
        return "branch" + i;
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
        return new LinkedHashSet<>(logits().values());
    }

    @Override
    public Map<String, String> logits() {
        Map<String, String> logits = new LinkedHashMap<>();
        logits.put(MODEL, logits(TEACHER));
        for (int i = 1; i <= branches; i++) {
            logits.put(branch(i), logits(branch(i)));
        }
        return logits;
    }

    @Override
    public Optional<Network> model() {
        return Optional.of(model);
    }

    @Override
    public String modelPrefix() {
        return TEACHER;
    }

    @Override
    public StepLoss open(Engine engine, RankLabels shard) {
        return (images, outputs, epoch) -> {
            List<Tensor> logits = new ArrayList<>();
            for (int i = 1; i <= branches; i++) {
                logits.add(outputs.get(logits(branch(i))));
            }
            StudentFriendlyLoss loss = StudentFriendlyLoss.of(
                    outputs.get(logits(TEACHER)), logits, images.labels(), labelSmoothing, settings);
            Map<String, Double> terms = new LinkedHashMap<>();
            Map<String, Tensor> gradients = new LinkedHashMap<>();
            terms.put("teacher-ce", loss.teacherCrossEntropy());
            gradients.put(logits(TEACHER), loss.teacherGradient());
            if (branches > 0) {
                terms.put("branch-kl", loss.divergence());
                terms.put("branch-ce", loss.branchCrossEntropy());
            }
            for (int i = 1; i <= branches; i++) {
                gradients.put(logits(branch(i)), loss.branchGradients().get(i - 1));
            }
            return new Loss(loss.total(), terms, gradients);
        };
    }

    private static String logits(String prefix) {
        return prefix + "." + Taps.LOGITS;
    }
}
