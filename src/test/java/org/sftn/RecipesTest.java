package org.sftn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.sftn.conf.ConfigFile;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.data.Batch;
import org.sftn.distill.DistillObjective;
import org.sftn.distill.Pair;
import org.sftn.distill.Recipe;
import org.sftn.distill.method.Methods;
import org.sftn.engine.Engine;
import org.sftn.engine.TrainingExecutable;
import org.sftn.engine.onednn.OneDnnEngine;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.teacher.TeacherObjective;
import org.sftn.train.Objective;
import org.sftn.train.RankLabels;
import org.sftn.train.StepLoss;
import org.sftn.train.loss.Loss;
import org.sftn.zoo.Architecture;
import org.sftn.zoo.Zoo;

/**
 * Every recipe of {@code conf/cifar-100} and {@code conf/imagenet}: loaded, built for its networks, stepped once. A file {@code
 * distill-TEACHER-STUDENT.conf} is for all methods.
 */
class RecipesTest {
    /** In 64 x 64 pixels ImageNet's networks have the same graphs as in 224 x 224, at a twelfth of the cost. */
    private static final Map<Path, Kind> KINDS = Map.of(
            Path.of("conf", "cifar-100"), new Kind(Shape.of(3, 32, 32), 100, 11),
            Path.of("conf", "imagenet"), new Kind(Shape.of(3, 64, 64), 1000, 1));

    private static final int BATCH = 2;
    private static final int LOCAL_IMAGES = 200;

    /**
     * What a folder's recipes are for.
     *
     * @param pairs at least so many
     */
    private record Kind(Shape image, int classes, int pairs) {
        Architecture network(String name) {
            return Zoo.create(name, image, classes);
        }
    }

    /** Methods that a pair cannot have, with the reason. */
    private static final Map<String, String> REFUSED = Map.of("fsp", "fsp ");

    @TestFactory
    Stream<DynamicTest> teachersTakeAStep() throws IOException {
        return files("teacher-")
                .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> {
                    Settings settings = settings(file, Map.of());
                    Kind kind = kind(file);
                    Optional<Architecture> student = Optional.of(
                                    settings.teacher().student())
                            .filter(name -> !name.isEmpty())
                            .map(kind::network);
                    step(
                            TeacherObjective.of(
                                    settings.teacher(),
                                    settings.training(),
                                    kind.network(settings.teacher().network()),
                                    student,
                                    Optional.empty(),
                                    1),
                            kind);
                }));
    }

    @TestFactory
    Stream<DynamicTest> studentsTakeAStepByEveryMethod() throws IOException {
        return files("distill-").flatMap(file -> {
            Architecture teacher = kind(file).network(teacherOf(file));
            Map<String, Tensor> values = teacher.network().initialValues(1);
            return Methods.all().stream()
                    .map(method -> DynamicTest.dynamicTest(
                            file.getFileName() + " " + method.name(),
                            () -> student(file, method.name(), teacher, values)));
        });
    }

    private static void student(Path file, String method, Architecture teacher, Map<String, Tensor> values) {
        Settings settings = settings(file, Map.of("distill.method", method));
        Kind kind = kind(file);
        Pair pair = new Pair(
                Optional.of(new Pair.Teacher(teacher, values)),
                kind.network(settings.distill().student()));
        Recipe recipe;
        try {
            recipe = Methods.recipe(settings, pair);
        } catch (UserException e) {
            String refused = REFUSED.get(method);
            assertThat(refused).as("%s is refused: %s", method, e.getMessage()).isNotNull();
            assertThat(e).hasMessageContaining(refused).hasMessageContaining(teacher.name());
            return;
        }
        DistillObjective.first(pair, recipe, settings.training(), 1).ifPresent(first -> step(first.objective(), kind));
        step(DistillObjective.of(pair, recipe, settings.training(), 1), kind);
    }

    private static void step(Objective objective, Kind kind) {
        Engine engine = new OneDnnEngine(Precision.FP32, 1);
        Batch batch = batch(kind.image());
        RankLabels shard = new RankLabels(
                LongStream.range(0, LOCAL_IMAGES).toArray(),
                () -> IntStream.range(0, LOCAL_IMAGES)
                        .map(i -> i % kind.classes())
                        .toArray(),
                BATCH,
                1);
        try (TrainingExecutable training =
                        engine.compileForTraining(objective.network(), objective.taps(), BATCH * objective.views());
                StepLoss loss = objective.open(engine, shard)) {
            training.load(objective.initialValues());
            Loss found = loss.loss(batch, training.forward(loss.inputs(batch)), 0);
            assertThat(found.total()).isFinite().isPositive();
            training.backward(found.gradients());
            double sum = 0;
            for (float gradient : training.gradients()) {
                sum += Math.abs(gradient);
            }
            assertThat(sum).isFinite().isPositive();
        }
    }

    private static Batch batch(Shape image) {
        Random random = new Random(2);
        Tensor images = Tensor.zeros(image.batched(BATCH));
        for (int i = 0; i < images.values().length; i++) {
            images.values()[i] = (float) random.nextGaussian();
        }
        return new Batch(images, new int[] {7, 42}, new long[] {7, 142});
    }

    private static Kind kind(Path file) {
        return KINDS.get(file.getParent());
    }

    private static Stream<Path> files(String prefix) throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path folder : new TreeSet<>(KINDS.keySet())) {
            try (Stream<Path> files = Files.list(folder)) {
                List<Path> pairs = files.filter(
                                file -> file.getFileName().toString().startsWith(prefix))
                        .sorted()
                        .toList();
                assertThat(pairs)
                        .as("recipes of %s in %s", prefix, folder)
                        .hasSizeGreaterThanOrEqualTo(KINDS.get(folder).pairs());
                found.addAll(pairs);
            }
        }
        return found.stream();
    }

    @TestFactory
    Stream<DynamicTest> allOthersAreLoaded() throws IOException {
        List<Path> all = new ArrayList<>();
        for (Path folder : new TreeSet<>(KINDS.keySet())) {
            try (Stream<Path> files = Files.list(folder)) {
                files.sorted().forEach(all::add);
            }
        }
        return all.stream().map(file -> DynamicTest.dynamicTest(file.toString(), () -> settings(file, Map.of())));
    }

    private static String teacherOf(Path file) {
        String pair = file.getFileName().toString().replaceAll("^distill-|\\.conf$", "");
        return pair.substring(0, pair.indexOf('-'));
    }

    private static Settings settings(Path file, Map<String, String> more) {
        Map<String, String> values = new HashMap<>(more);
        return Settings.of(List.of(
                Settings.assignments(values, "test"),
                ConfigFile.read(new org.apache.hadoop.fs.Path(file.toUri()), new Configuration(false))));
    }
}
