package org.sftn.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.nn.Network;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Shape;

/** The golden file is made by {@code src/test/python/reference_weights.py} from the references themselves. */
class ReferenceNamesTest {
    private static final JsonNode GOLDEN = golden();

    static Iterable<String> names() {
        return Zoo.names();
    }

    @Test
    void thereAreReferenceNamesOfEveryNetwork() {
        Set<String> golden = new HashSet<>();
        GOLDEN.fieldNames().forEachRemaining(golden::add);

        assertThat(golden).containsExactlyInAnyOrderElementsOf(Zoo.names());
    }

    @ParameterizedTest
    @MethodSource("names")
    void namesAndShapesAreThoseOfTheReference(String name) {
        Map<String, Shape> expected = new TreeMap<>();
        GOLDEN.get(name).fields().forEachRemaining(field -> expected.put(field.getKey(), shape(field.getValue())));
        Architecture architecture = Zoo.published(name);
        Network network = architecture.network();
        Map<String, Shape> actual = new TreeMap<>();
        Stream.concat(network.parameters().stream(), network.statistics().stream())
                .forEach(spec -> assertThat(actual.put(architecture.referenceName(spec.name()), spec.shape()))
                        .as("a second %s", architecture.referenceName(spec.name()))
                        .isNull());

        assertThat(actual).isEqualTo(expected);
    }

    @Test
    void aStudentWithItsTeachersClassifierHasNoReference() {
        Architecture projected = Zoo.create("resnet8+resnet20", Shape.of(3, 32, 32), 10);

        assertThat(projected.network().parameters())
                .extracting(ParameterSpec::name)
                .contains("projector.conv1.weight", "stage1.block0.conv1.weight")
                .allSatisfy(name -> assertThat(projected.referenceName(name)).isEqualTo(name));
    }

    private static Shape shape(JsonNode dimensions) {
        List<Integer> shape = new ArrayList<>();
        dimensions.forEach(dimension -> shape.add(dimension.asInt()));
        return new Shape(shape);
    }

    private static JsonNode golden() {
        try (InputStream in = ReferenceNamesTest.class.getResourceAsStream("/golden/reference_names.json")) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
