package org.sftn;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.sftn.conf.TeacherSettings;
import org.sftn.distill.method.Ab;
import org.sftn.distill.method.At;
import org.sftn.distill.method.Cc;
import org.sftn.distill.method.ContrastiveLoss;
import org.sftn.distill.method.Dist;
import org.sftn.distill.method.Dkd;
import org.sftn.distill.method.Fsp;
import org.sftn.distill.method.Ft;
import org.sftn.distill.method.Kd;
import org.sftn.distill.method.LogitScaling;
import org.sftn.distill.method.MemoryBank;
import org.sftn.distill.method.Negatives;
import org.sftn.distill.method.Nst;
import org.sftn.distill.method.Oh;
import org.sftn.distill.method.Pkt;
import org.sftn.distill.method.Rkd;
import org.sftn.distill.method.Sp;
import org.sftn.distill.method.Sskd;
import org.sftn.distill.method.StudentLoss;
import org.sftn.distill.method.UnitVectors;
import org.sftn.distill.method.Vid;
import org.sftn.engine.Arithmetic;
import org.sftn.engine.TrainingExecutable;
import org.sftn.engine.bigdl.BigDlEngine;
import org.sftn.evaluate.LinearCka;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.nn.TransposedConvolution;
import org.sftn.teacher.StudentFriendlyLoss;
import org.sftn.train.loss.CrossEntropy;
import org.sftn.train.loss.Gradients;
import org.sftn.train.loss.MeanSquaredError;
import org.sftn.train.loss.SoftenedKl;

/**
 * Every loss against values and gradients of public reference implementations in double precision. The vectors are a
 * resource; {@code -Dgolden.dir=DIR} takes {@code DIR/distillation_losses.json} instead.
 */
class GoldenLossTest {
    private static final String FILE = "distillation_losses.json";
    // Losses are computed in double precision from inputs rounded to float (relative 6e-8); gradients are rounded to
    // float.
    private static final double TOLERANCE = 1e-5;

    /** One formula on one case: the loss and its gradient by input name. */
    private record Result(double loss, Map<String, Tensor> gradients) {}

    private static final Map<String, Function<Case, Result>> FORMULAS = Map.ofEntries(
            entry("kd", GoldenLossTest::kd),
            entry("sftn_teacher", GoldenLossTest::studentFriendlyTeacher),
            entry("fitnet", GoldenLossTest::fitnet),
            entry("at", GoldenLossTest::at),
            entry("oh", GoldenLossTest::oh),
            entry("vid", GoldenLossTest::vid),
            entry("nst", GoldenLossTest::nst),
            entry("fsp", GoldenLossTest::fsp),
            entry("ab", GoldenLossTest::ab),
            entry("ft", GoldenLossTest::ft),
            entry("kd_logit_standardization", GoldenLossTest::kdOfStandardizedLogits),
            entry("sp", GoldenLossTest::sp),
            entry("rkd", GoldenLossTest::rkd),
            entry("pkt", GoldenLossTest::pkt),
            entry("cc", GoldenLossTest::cc),
            entry("dkd", GoldenLossTest::dkd),
            entry("dist", GoldenLossTest::dist),
            entry("crd", GoldenLossTest::contrastive),
            entry("sskd", GoldenLossTest::selfSupervised),
            entry("linear_cka", GoldenLossTest::linearCka));

    private static final Arithmetic ARITHMETIC = new BigDlEngine(2).arithmetic();

    @AfterAll
    static void close() {
        ARITHMETIC.close();
    }

    @Test
    void everyFormulaHasACase() throws IOException {
        assertThat(cases()).extracting(Case::name).containsAll(FORMULAS.keySet());
    }

    @TestFactory
    List<DynamicTest> equalsTheReference() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (Case golden : cases()) {
            tests.add(DynamicTest.dynamicTest(golden.name() + " " + golden.node.path("params"), () -> check(golden)));
        }
        return tests;
    }

    private static void check(Case golden) {
        Function<Case, Result> formula = FORMULAS.get(golden.name());
        assertThat(formula).as("a formula for '%s'", golden.name()).isNotNull();
        Result result = formula.apply(golden);
        double loss = golden.node.path("loss").doubleValue();
        assertThat(result.loss()).isCloseTo(loss, within(TOLERANCE * Math.abs(loss)));
        JsonNode gradients = golden.node.path("gradients");
        // linear_cka is a measure; whatever is trained on has a gradient.
        assertThat(gradients.size() > 0)
                .as("gradients in the vector")
                .isNotEqualTo(golden.name().equals("linear_cka"));
        gradients.fields().forEachRemaining(entry -> {
            Tensor expected = tensor(entry.getValue());
            Tensor actual = result.gradients().get(entry.getKey());
            assertThat(actual).as("gradient of %s", entry.getKey()).isNotNull();
            assertThat(actual.shape()).isEqualTo(expected.shape());
            double difference = 0;
            double norm = 0;
            for (int i = 0; i < expected.values().length; i++) {
                difference += Math.pow(actual.values()[i] - expected.values()[i], 2);
                norm += Math.pow(expected.values()[i], 2);
            }
            assertThat(Math.sqrt(difference))
                    .as("gradient of %s", entry.getKey())
                    .isLessThanOrEqualTo(TOLERANCE * Math.sqrt(norm));
        });
    }

    private static Result kd(Case golden) {
        SoftenedKl kl = SoftenedKl.of(
                golden.input("teacher_logits"),
                golden.input("student_logits"),
                golden.parameter("temperature").doubleValue());
        return new Result(kl.value(), Map.of("student_logits", kl.gradientOfQ()));
    }

    private static Result linearCka(Case golden) {
        return new Result(LinearCka.of(golden.input("x_centred"), golden.input("y_centred")), Map.of());
    }

    private static Result ab(Case golden) {
        double sum = 0;
        Gradients gradients = new Gradients();
        for (int stage = 0; stage < 3; stage++) {
            String student = "student_" + stage;
            StudentLoss ab = Ab.distance(
                    ARITHMETIC,
                    Math.scalb(0.003, stage - 2),
                    golden.parameter("margin").doubleValue(),
                    golden.input(student),
                    golden.input("teacher_" + stage));
            sum += ab.value();
            gradients.give(student, ab.gradient());
        }
        return new Result(sum, gradients.byTap());
    }

    private static Result ft(Case golden) {
        StudentLoss ft = Ft.distance(ARITHMETIC, 1, golden.input("student_factor"), golden.input("teacher_factor"));
        return new Result(ft.value(), Map.of("student_factor", ft.gradient()));
    }

    private static Result kdOfStandardizedLogits(Case golden) {
        StudentLoss loss = Kd.loss(
                golden.input("student_logits"),
                golden.input("teacher_logits"),
                golden.parameter("temperature").doubleValue(),
                LogitScaling.STANDARDIZED);
        return new Result(loss.value(), Map.of("student_logits", loss.gradient()));
    }

    private static Result sp(Case golden) {
        StudentLoss loss = Sp.loss(golden.input("student"), golden.input("teacher"), ARITHMETIC);
        return new Result(loss.value(), Map.of("student", loss.gradient()));
    }

    private static Result rkd(Case golden) {
        StudentLoss loss = Rkd.loss(
                golden.input("student"),
                golden.input("teacher"),
                golden.parameter("w_d").doubleValue(),
                golden.parameter("w_a").doubleValue(),
                ARITHMETIC);
        return new Result(loss.value(), Map.of("student", loss.gradient()));
    }

    private static Result pkt(Case golden) {
        StudentLoss loss = Pkt.loss(golden.input("student"), golden.input("teacher"), ARITHMETIC);
        return new Result(loss.value(), Map.of("student", loss.gradient()));
    }

    private static Result cc(Case golden) {
        StudentLoss loss = Cc.loss(golden.input("student_embedding"), golden.input("teacher_embedding"));
        return new Result(loss.value(), Map.of("student_embedding", loss.gradient()));
    }

    private static Result dkd(Case golden) {
        StudentLoss loss = Dkd.loss(
                golden.input("student_logits"),
                golden.input("teacher_logits"),
                golden.labels(),
                golden.parameter("alpha").doubleValue(),
                golden.parameter("beta").doubleValue(),
                golden.parameter("temperature").doubleValue());
        return new Result(loss.value(), Map.of("student_logits", loss.gradient()));
    }

    private static Result dist(Case golden) {
        StudentLoss loss = Dist.loss(
                golden.input("student_logits"),
                golden.input("teacher_logits"),
                golden.parameter("beta").doubleValue(),
                golden.parameter("gamma").doubleValue(),
                golden.parameter("temperature").doubleValue());
        return new Result(loss.value(), Map.of("student_logits", loss.gradient()));
    }

    /** Also holds the memory after the step against the reference. */
    private static Result contrastive(Case golden) {
        int[][] contrasts = golden.rows("contrast_indices");
        int[] images = golden.integers("indices");
        MemoryBank ofStudents = memory(golden, "memory_student_before");
        MemoryBank ofTeachers = memory(golden, "memory_teacher_before");
        int count = golden.parameter("n_data").intValue();
        Negatives negatives = new Negatives(
                Arrays.stream(contrasts).mapToInt(contrast -> contrast[0]).toArray(),
                IntStream.range(0, count).toArray(),
                count,
                Arrays.stream(contrasts)
                        .map(contrast -> counts(contrast, count))
                        .toArray(float[][]::new),
                contrasts[0].length - 1);
        UnitVectors students = UnitVectors.of(
                linear(golden.input("student"), golden.input("embed_s_weight"), golden.input("embed_s_bias")));
        UnitVectors teachers = UnitVectors.of(
                linear(golden.input("teacher"), golden.input("embed_t_weight"), golden.input("embed_t_bias")));
        ContrastiveLoss.Result student;
        ContrastiveLoss.Result teacher;
        ContrastiveLoss contrast = new ContrastiveLoss(
                ARITHMETIC,
                images.length,
                ofStudents.dimension(),
                golden.parameter("nce_t").doubleValue());
        student = contrast.of(
                students.rows(),
                ofTeachers,
                negatives,
                normalizer(golden, "z_student", contrast, students, ofTeachers, negatives),
                count);
        teacher = contrast.of(
                teachers.rows(),
                ofStudents,
                negatives,
                normalizer(golden, "z_teacher", contrast, teachers, ofStudents, negatives),
                count);
        ofStudents.follow(images, students.rows(), golden.parameter("nce_m").doubleValue());
        ofTeachers.follow(images, teachers.rows(), golden.parameter("nce_m").doubleValue());
        assertThat(ofStudents.values())
                .containsExactly(golden.input("memory_student_after").values(), within(1e-6f));
        assertThat(ofTeachers.values())
                .containsExactly(golden.input("memory_teacher_after").values(), within(1e-6f));
        students.backward(student.gradient());
        teachers.backward(teacher.gradient());
        Map<String, Tensor> gradients = new HashMap<>();
        gradients.put("student", product(student.gradient(), golden.input("embed_s_weight")));
        gradients.put("embed_s_weight", transposedProduct(student.gradient(), golden.input("student")));
        gradients.put("embed_s_bias", columnSums(student.gradient(), images.length));
        gradients.put("embed_t_weight", transposedProduct(teacher.gradient(), golden.input("teacher")));
        gradients.put("embed_t_bias", columnSums(teacher.gradient(), images.length));
        return new Result(student.value() + teacher.value(), gradients);
    }

    private static MemoryBank memory(Case golden, String name) {
        Tensor rows = golden.input(name);
        return new MemoryBank(rows.values(), rows.shape().dimension(1));
    }

    private static float[] counts(int[] contrast, int rows) {
        float[] counts = new float[rows];
        for (int i = 1; i < contrast.length; i++) {
            counts[contrast[i]]++;
        }
        return counts;
    }

    /** As the batch of the case sets it. */
    private static double normalizer(
            Case golden,
            String name,
            ContrastiveLoss contrast,
            UnitVectors anchors,
            MemoryBank memory,
            Negatives negatives) {
        double expected = golden.parameter(name).doubleValue();
        double found = contrast.normalizer(
                anchors.rows(), memory, negatives, golden.parameter("n_data").longValue());
        assertThat(found).as(name).isCloseTo(expected, within(TOLERANCE * expected));
        return found;
    }

    private static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        int in = weight.shape().dimension(1);
        int out = weight.batch();
        Tensor y = Tensor.zeros(Shape.of(x.batch(), out));
        for (int row = 0; row < x.batch(); row++) {
            for (int o = 0; o < out; o++) {
                double sum = bias.values()[o];
                for (int i = 0; i < in; i++) {
                    sum += (double) x.values()[row * in + i] * weight.values()[o * in + i];
                }
                y.values()[row * out + o] = (float) sum;
            }
        }
        return y;
    }

    /** Of a gradient {@code rows x out} and a weight {@code out x in}. */
    private static Tensor product(float[] gradient, Tensor weight) {
        int in = weight.shape().dimension(1);
        int out = weight.batch();
        Tensor product = Tensor.zeros(Shape.of(gradient.length / out, in));
        for (int i = 0; i < product.values().length; i++) {
            double sum = 0;
            for (int o = 0; o < out; o++) {
                sum += (double) gradient[i / in * out + o] * weight.values()[o * in + i % in];
            }
            product.values()[i] = (float) sum;
        }
        return product;
    }

    /** Of a gradient {@code rows x out} and an input {@code rows x in}. */
    private static Tensor transposedProduct(float[] gradient, Tensor x) {
        int in = x.shape().dimension(1);
        int out = gradient.length / x.batch();
        Tensor product = Tensor.zeros(Shape.of(out, in));
        for (int i = 0; i < product.values().length; i++) {
            double sum = 0;
            for (int row = 0; row < x.batch(); row++) {
                sum += (double) gradient[row * out + i / in] * x.values()[row * in + i % in];
            }
            product.values()[i] = (float) sum;
        }
        return product;
    }

    private static Tensor columnSums(float[] gradient, int rows) {
        Tensor ones = Tensor.zeros(Shape.of(rows, 1));
        Arrays.fill(ones.values(), 1);
        return new Tensor(
                Shape.of(gradient.length / rows),
                transposedProduct(gradient, ones).values());
    }

    /** The case has the four views of an image one after the other, ours are view after view. */
    private static Result selfSupervised(Case golden) {
        JsonNode weights = golden.parameter("weights_ce_kd_lt_ss");
        Sskd.Terms terms = new Sskd.Terms(
                new Sskd.Kl(
                        weights.get(1).doubleValue(), golden.parameter("kd_t").doubleValue(), 1),
                new Sskd.Kl(
                        weights.get(2).doubleValue(),
                        golden.parameter("lt_t").doubleValue(),
                        golden.parameter("lt_ratio").doubleValue()),
                new Sskd.Kl(
                        weights.get(3).doubleValue(),
                        golden.parameter("ss_t").doubleValue(),
                        golden.parameter("ss_ratio").doubleValue()));
        Tensor logits = golden.input("student_logits");
        int images = logits.batch() / 4;
        int classes = logits.shape().dimension(1);
        Sskd.Result result;
        result = Sskd.of(
                new Sskd.Outputs(
                        transposed(logits, images, 4), transposed(golden.input("student_projection"), images, 4)),
                new Sskd.Outputs(
                        transposed(golden.input("teacher_logits"), images, 4),
                        transposed(golden.input("teacher_projection"), images, 4)),
                golden.labels(),
                terms,
                ARITHMETIC);
        Tensor plain = new Tensor(
                Shape.of(images, classes),
                Arrays.copyOf(transposed(logits, images, 4).values(), images * classes));
        CrossEntropy crossEntropy = CrossEntropy.of(plain, golden.labels());
        double weight = weights.get(0).doubleValue();
        Tensor ofLogits = result.gradients().logits();
        for (int i = 0; i < plain.values().length; i++) {
            ofLogits.values()[i] += (float) (weight * crossEntropy.gradient().values()[i]);
        }
        return new Result(
                weight * crossEntropy.value() + result.value(),
                Map.of(
                        "student_logits", transposed(ofLogits, 4, images),
                        "student_projection", transposed(result.gradients().vectors(), 4, images)));
    }

    /** Rows that are numbered {@code a * inner + b} in the order {@code b * outer + a}. */
    private static Tensor transposed(Tensor rows, int outer, int inner) {
        int length = rows.shape().dimension(1);
        Tensor result = Tensor.zeros(rows.shape());
        for (int row = 0; row < outer * inner; row++) {
            int to = row % inner * outer + row / inner;
            System.arraycopy(rows.values(), row * length, result.values(), to * length, length);
        }
        return result;
    }

    private static Result studentFriendlyTeacher(Case golden) {
        List<Tensor> branches = new ArrayList<>();
        while (golden.node.path("inputs").has("branch_logits_" + (branches.size() + 1))) {
            branches.add(golden.input("branch_logits_" + (branches.size() + 1)));
        }
        TeacherSettings settings = new TeacherSettings(
                "teacher",
                "student",
                "",
                golden.parameter("lambda_t").doubleValue(),
                golden.parameter("lambda_kl").doubleValue(),
                golden.parameter("lambda_ce").doubleValue(),
                golden.parameter("temperature").doubleValue(),
                switch (golden.parameter("kl").asText()) {
                    case "teacher||branch" -> TeacherSettings.Kl.TEACHER_BRANCH;
                    case "branch||teacher" -> TeacherSettings.Kl.BRANCH_TEACHER;
                    default ->
                        throw new IllegalArgumentException(
                                golden.parameter("kl").asText());
                },
                golden.parameter("detach_teacher_in_kl").booleanValue(),
                false);
        StudentFriendlyLoss loss =
                StudentFriendlyLoss.of(golden.input("teacher_logits"), branches, golden.labels(), 0, settings);
        Map<String, Tensor> gradients = new HashMap<>();
        gradients.put("teacher_logits", loss.teacherGradient());
        for (int i = 0; i < branches.size(); i++) {
            gradients.put("branch_logits_" + (i + 1), loss.branchGradients().get(i));
        }
        return new Result(loss.total(), gradients);
    }

    private static Result fitnet(Case golden) {
        MeanSquaredError error = MeanSquaredError.of(golden.input("regressed_student"), golden.input("teacher"));
        return new Result(error.value(), Map.of("regressed_student", error.gradient()));
    }

    private static Result at(Case golden) {
        StudentLoss at = At.distance(ARITHMETIC, 1, golden.input("student"), golden.input("teacher"));
        return new Result(at.value(), Map.of("student", at.gradient()));
    }

    private static Result nst(Case golden) {
        StudentLoss nst = Nst.discrepancy(ARITHMETIC, 1, golden.input("student"), golden.input("teacher"));
        return new Result(nst.value(), Map.of("student", nst.gradient()));
    }

    private static Result oh(Case golden) {
        Tensor margins = golden.input("margin");
        for (int i = 0; i < margins.values().length; i++) {
            double margin = Oh.margin(
                    golden.input("bn_weight").values()[i],
                    golden.input("bn_bias").values()[i]);
            assertThat(margin).isCloseTo(margins.values()[i], within(TOLERANCE * Math.abs(margin)));
        }
        StudentLoss oh = Oh.partialL2(
                ARITHMETIC, 1, golden.input("connected_student"), golden.input("teacher_pre_relu"), margins);
        return new Result(oh.value(), Map.of("connected_student", oh.gradient()));
    }

    private static Result fsp(Case golden) {
        double sum = 0;
        Gradients gradients = new Gradients();
        for (int i = 0; i < 2; i++) {
            String bottom = "student_" + i;
            String top = "student_" + (i + 1);
            Fsp.Distance fsp = Fsp.Distance.of(
                    ARITHMETIC,
                    new Fsp.Flow(golden.input(bottom), golden.input(top)),
                    new Fsp.Flow(golden.input("teacher_" + i), golden.input("teacher_" + (i + 1))));
            sum += fsp.value();
            gradients.give(bottom, fsp.gradientOfBottom());
            gradients.give(top, fsp.gradientOfTop());
        }
        return new Result(sum, gradients.byTap());
    }

    /** The student's maps are weights of the network, so that the engine gives their gradient; each row picks its own. */
    private static Result vid(Case golden) {
        Tensor student = golden.input("student");
        Shape teacher = golden.input("teacher").shape();
        double epsilon = golden.parameter("eps").doubleValue();
        int rows = student.batch();
        Network predictor = Vid.predictor(
                withoutBatch(student.shape()),
                withoutBatch(teacher),
                golden.parameter("init_pred_var").doubleValue(),
                epsilon);
        assertThat(predictor.initialValues(1).get("scale.weight").values())
                .isEqualTo(golden.input("log_scale").values());
        Network.Builder builder = Network.builder();
        builder.add(
                "student",
                new TransposedConvolution(
                        rows, student.shape().dimension(1), student.shape().dimension(2), 1, 0),
                builder.input("row", Shape.of(rows, 1, 1)));
        builder.include("", predictor, Map.of(Vid.FEATURES, "student"));
        Tensor row = Tensor.zeros(Shape.of(rows, rows, 1, 1));
        for (int i = 0; i < rows; i++) {
            row.values()[i * rows + i] = 1;
        }
        Map<String, Tensor> parameters = Map.of(
                "student.weight", student,
                "conv1.weight", golden.input("conv1"),
                "conv2.weight", golden.input("conv2"),
                "conv3.weight", golden.input("conv3"),
                "scale.weight", golden.input("log_scale"));
        Network network = builder.build();
        try (TrainingExecutable executable =
                new BigDlEngine(2).compileForTraining(network, network.taps().keySet(), rows)) {
            executable.load(parameters);
            Map<String, Tensor> gaussian = executable.forward(Map.of("row", row));
            Vid.Likelihood vid = Vid.Likelihood.of(
                    ARITHMETIC, 1, epsilon, gaussian.get(Vid.MEAN), gaussian.get(Vid.SCALE), golden.input("teacher"));
            executable.backward(Map.of(Vid.MEAN, vid.gradientOfMean(), Vid.SCALE, vid.gradientOfScale()));
            Map<String, Tensor> gradients = new HashMap<>();
            for (ParameterSpec spec : network.parameters()) {
                gradients.put(
                        spec.name().equals("scale.weight")
                                ? "log_scale"
                                : spec.name().replace(".weight", ""),
                        executable.canonical(spec.name(), executable.gradients()));
            }
            return new Result(vid.value(), gradients);
        }
    }

    private static Shape withoutBatch(Shape shape) {
        return new Shape(shape.dimensions().subList(1, shape.rank()));
    }

    private record Case(JsonNode node) {
        String name() {
            return node.path("name").asText();
        }

        JsonNode parameter(String name) {
            return present(node.path("params").path(name), name);
        }

        Tensor input(String name) {
            return tensor(present(node.path("inputs").path(name), name));
        }

        int[] labels() {
            return integers("labels_zero_based");
        }

        int[] integers(String name) {
            return integers(present(node.path("inputs").path(name), name));
        }

        int[][] rows(String name) {
            JsonNode rows = present(node.path("inputs").path(name), name);
            return StreamSupport.stream(rows.spliterator(), false)
                    .map(Case::integers)
                    .toArray(int[][]::new);
        }

        private static int[] integers(JsonNode list) {
            return StreamSupport.stream(list.spliterator(), false)
                    .mapToInt(JsonNode::intValue)
                    .toArray();
        }

        private static JsonNode present(JsonNode node, String name) {
            assertThat(node.isMissingNode()).as("the vector lacks '%s'", name).isFalse();
            return node;
        }
    }

    private static Tensor tensor(JsonNode node) {
        int[] shape = StreamSupport.stream(node.path("shape").spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
        JsonNode data = node.path("data");
        float[] values = new float[data.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = data.get(i).floatValue();
        }
        return new Tensor(Shape.of(shape), values);
    }

    private static List<Case> cases() throws IOException {
        String folder = System.getProperty("golden.dir");
        try (InputStream in = folder == null
                ? GoldenLossTest.class.getResourceAsStream("/golden/" + FILE)
                : Files.newInputStream(Path.of(folder, FILE))) {
            List<Case> cases = new ArrayList<>();
            new ObjectMapper().readTree(in).path("cases").forEach(node -> cases.add(new Case(node)));
            return cases;
        }
    }
}
