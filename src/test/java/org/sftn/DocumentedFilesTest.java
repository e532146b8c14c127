package org.sftn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.conf.Json;
import org.sftn.data.shard.Manifest;
import org.sftn.job.run.RunDescription;
import org.sftn.job.run.RunResult;
import org.sftn.job.run.Running;
import org.sftn.model.ModelDescription;
import org.sftn.study.Cell;
import org.sftn.study.StudyResult;
import org.sftn.train.checkpoint.Checkpoint;
import org.sftn.train.progress.TrainingProgress;

/** docs/files.md has the fields of each JSON file, and no others. */
class DocumentedFilesTest {
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    static List<Arguments> sections() {
        return List.of(
                Arguments.of("## run.json", RunDescription.class, true),
                Arguments.of("## result.json", RunResult.class, true),
                Arguments.of("## running.json", Running.class, true),
                Arguments.of("### progress", TrainingProgress.class, false),
                Arguments.of("## model/model.json", ModelDescription.class, false),
                Arguments.of("## checkpoints/N.json", Checkpoint.class, false),
                Arguments.of("## manifest.json", Manifest.class, false),
                Arguments.of("## study.json", StudyResult.class, true),
                Arguments.of("### cells", Cell.class, false));
    }

    @ParameterizedTest
    @MethodSource("sections")
    void sectionHasTheFields(String heading, Class<? extends Record> type, boolean withFormat) throws IOException {
        SnakeCaseStrategy snakeCase = new SnakeCaseStrategy();
        List<String> fields = new ArrayList<>(Stream.of(type.getRecordComponents())
                .map(RecordComponent::getName)
                .map(snakeCase::translate)
                .toList());
        if (withFormat) {
            fields.add(Json.FORMAT);
        }
        List<String> lines = Files.readAllLines(Path.of("docs/files.md"));
        List<String> documented = lines.subList(lines.indexOf(heading) + 1, lines.size()).stream()
                .takeWhile(line -> !line.startsWith("#"))
                .filter(line -> line.startsWith("| `"))
                .flatMap(line -> CODE.matcher(line.split(" \\| ")[0]).results())
                .map(code -> code.group(1))
                .toList();
        assertThat(documented).containsExactlyInAnyOrderElementsOf(fields);
    }
}
