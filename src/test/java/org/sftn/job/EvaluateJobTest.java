package org.sftn.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.model.ModelDescription;
import org.sftn.model.SavedModel;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;
import org.sftn.zoo.Zoo;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EvaluateJobTest {
    private static final int IMAGES = 20;

    private Path folder;
    private Path data;
    private String[] names;

    @BeforeAll
    void prepare(@TempDir Path temporary) throws IOException {
        folder = temporary;
        data = Fixture.images().folder();
        JsonNode manifest = new ObjectMapper().readTree(Files.readString(data.resolve("manifest.json")));
        names = new ObjectMapper().convertValue(manifest.get("class_names"), String[].class);
        write("constant", 16, names);
        write("nameless", 16, "class 0", "class 1", "class 2", "class 3");
        write("five", 16, "a", "b", "c", "d", "e");
        write("large", 32, "a", "b", "c", "d");
    }

    /** A model that gives its second class half of the probability, whatever it sees. */
    private void write(String name, int size, String... classes) throws IOException {
        Shape image = Shape.of(3, size, size);
        Network network = Zoo.create("resnet8", image, classes.length).network();
        Map<String, Tensor> values = new LinkedHashMap<>(network.initialValues(1));
        Arrays.fill(values.get("fc.weight").values(), 0);
        Arrays.fill(values.get("fc.bias").values(), 0);
        values.get("fc.bias").values()[1] = (float) Math.log(classes.length - 1);
        ModelDescription description = new ModelDescription(
                ModelDescription.FORMAT,
                "resnet8",
                image.dimensions(),
                List.of(classes),
                List.of(0.5, 0.5, 0.5),
                List.of(0.25, 0.25, 0.25),
                "",
                Map.of());
        new SavedModel(description, values)
                .write(new org.apache.hadoop.fs.Path("file:" + folder.resolve(name)), new Configuration());
    }

    @Test
    void aConstantModelIsMeasuredExactly() throws IOException {
        Path out = folder.resolve("out");

        Ran ran = evaluate(out, "constant", "evaluate.predictions=true", "evaluate.batch=4");

        assertThat(ran.err()).isEmpty();
        assertThat(ran.code()).isZero();
        List<String> confusion = Files.readAllLines(out.resolve("confusion.csv"));
        int[] counts = confusion.stream()
                .skip(1)
                .mapToInt(row -> Integer.parseInt(row.split(",")[2]))
                .toArray();
        assertThat(confusion.get(0)).isEqualTo("label," + String.join(",", names));
        assertThat(Arrays.stream(counts).sum()).isEqualTo(IMAGES);
        JsonNode result = new ObjectMapper().readTree(Files.readString(out.resolve("result.json")));
        double share = counts[1] / (double) IMAGES;
        assertThat(result.get("top1").asDouble()).isEqualTo(share);
        assertThat(result.get("top5").asDouble()).isEqualTo(1);
        assertThat(result.get("loss").asDouble())
                .isCloseTo(share * Math.log(2) + (1 - share) * Math.log(6), within(1e-6));
        JsonNode computedBy = result.get("computed_by");
        assertThat(computedBy).hasSize(1);
        assertThat(computedBy.get(0).get("ranks").asInt()).isEqualTo(2);
        assertThat(computedBy.get(0).get("platforms")).hasSize(1);
        assertThat(computedBy.get(0).get("platforms").get(0).get("threads").asInt())
                .isEqualTo(1);
        assertThat(new ObjectMapper()
                        .readTree(Files.readString(out.resolve("run.json")))
                        .get("computed_by"))
                .isEqualTo(computedBy);
        List<String> predictions = Files.readAllLines(out.resolve("predictions.csv"));
        assertThat(predictions).hasSize(IMAGES + 1);
        for (int i = 0; i < IMAGES; i++) {
            assertThat(predictions.get(i + 1)).startsWith(i + ",").endsWith("," + names[1] + ",0.500000");
        }
        assertThat(ran.out())
                .matches("evaluate done: top-1 .* %, top-5 100.00 %, loss .*, .* images/s, in file:" + out + "\n");
    }

    @Test
    void aModelWithoutNamesHasThoseOfTheData() throws IOException {
        Path out = folder.resolve("named");

        assertThat(evaluate(out, "nameless").code()).isZero();

        assertThat(Files.readAllLines(out.resolve("confusion.csv")).get(0))
                .isEqualTo("label," + String.join(",", names));
    }

    @Test
    void theFirstTrainingImagesCanBeMeasured() throws IOException {
        Path out = folder.resolve("train");

        Ran ran = evaluate(out, "constant", "evaluate.split=train", "data.train-images=7", "evaluate.predictions=true");

        assertThat(ran.code()).isZero();
        assertThat(Files.readAllLines(out.resolve("predictions.csv"))).hasSize(8);
    }

    @Test
    void aModelForOtherClassesOrImagesIsRefused() {
        Path out = folder.resolve("refused");

        assertMistake(
                evaluate(out, "five"),
                "the model (resnet8) cannot be evaluated on these data: it knows 5 classes of images of 3x16x16, the data have 4 classes of images of 3x16x16");
        assertMistake(
                evaluate(out, "large"),
                "the model (resnet8) cannot be evaluated on these data: it knows 4 classes of images of 3x32x32, the data have 4 classes of images of 3x16x16");
        assertThat(out).doesNotExist();
    }

    @Test
    void anUnknownSplitIsRefused() {
        assertMistake(
                evaluate(folder.resolve("split"), "constant", "evaluate.split=validation"),
                "the configuration cannot be used: evaluate.split is 'validation', it must be one of train, test (--set)");
    }

    private static void assertMistake(Ran ran, String message) {
        assertThat(ran.err()).isEqualTo("error: " + message + "\n");
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.out()).isEmpty();
    }

    private Ran evaluate(Path out, String model, String... settings) {
        List<String> arguments = new ArrayList<>(List.of("evaluate", "--out", out.toString()));
        arguments.addAll(List.of("--set", "data.path=" + data, "--set", "evaluate.model=" + folder.resolve(model)));
        for (String setting : settings) {
            arguments.addAll(List.of("--set", setting));
        }
        return Ran.of(arguments.toArray(String[]::new));
    }
}
