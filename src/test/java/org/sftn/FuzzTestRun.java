package org.sftn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sftn.data.source.DataFuzzTest;
import org.sftn.job.RunFolderFuzzTest;
import org.sftn.model.ModelFuzzTest;
import org.sftn.train.checkpoint.CheckpointFuzzTest;

/**
 * Coverage-guided fuzzing, each reader in a process of its own with a small heap, so that a crash of native code is seen. {@code mvn
 * test -Dtest=FuzzTestRun} gives each reader 100,000 inputs, or {@code -Dfuzz.inputs=N}; {@code -Dfuzz.only=NAME} is for one reader.
 * What is found lies in {@code target/fuzz/NAME}; once it is mended it goes to {@code src/test/resources/fuzz/NAME}.
 *
 * <p>Each begins with its corpus. With {@code -Dfuzz.keep=true} the smallest set of inputs that reach all that was reached is the new
 * corpus, to be committed.
 */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 1, unit = TimeUnit.DAYS)
public class FuzzTestRun {
    private static final Path FOLDER = Path.of("target/fuzz");
    private static final String INPUTS = System.getProperty("fuzz.inputs", "100000");
    private static final String ONLY = System.getProperty("fuzz.only", "");
    private static final long FEW = 20_000;
    private static final String MERGE = "-merge=1";
    private static final boolean KEEP = Boolean.getBoolean("fuzz.keep");
    private static final String INSTRUMENTED = "org.sftn.**:com.twelvemonkeys.**:org.apache.commons.compress.**";
    private static final Pattern UNUSED = Pattern.compile(
            "/com/intel/|/org/apache/(spark|ivy|orc|arrow|avro|zookeeper)/|scala|/dnnl/|/opencl/|/it/unimi/|bytebuddy|archunit|carrotsearch"
                    + "|chuusai|typelevel|spire|twitter|sourceforge|opennlp|jersey|jaxb|janino|javassist|/io/netty/|/jmh/|onnx|univocity"
                    + "|joda|json4s|commons-net|antlr");
    private static final Pattern DONE = Pattern.compile("Done (\\d+) (?:runs )?in (\\d+) second");
    private static final Pattern COVERAGE = Pattern.compile("cov: (\\d+)");

    static Stream<FuzzTestTarget> all() {
        return Stream.<Supplier<List<FuzzTestTarget>>>of(
                        ModelFuzzTest::targets,
                        CheckpointFuzzTest::targets,
                        DataFuzzTest::targets,
                        RunFolderFuzzTest::targets)
                .flatMap(some -> some.get().stream());
    }

    static Stream<FuzzTestTarget> chosen() {
        return all().filter(target -> ONLY.isEmpty() || target.name().equals(ONLY));
    }

    static FuzzTestTarget named(String name) {
        return all().filter(target -> target.name().equals(name)).findFirst().orElseThrow();
    }

    /** What Jazzer calls in its process. */
    public static final class Entry {
        private static FuzzTestTarget target;

        private Entry() {}

        /** Loads all classes, whose instrumenting takes time and memory, before inputs are measured. */
        public static void fuzzerInitialize() {
            target = named(System.getProperty("fuzz.target"));
            Stream.concat(target.seeds().stream(), target.regressions().stream())
                    .forEach(target::read);
        }

        public static void fuzzerTestOneInput(byte[] input) {
            target.check(input);
        }
    }

    @ParameterizedTest
    @MethodSource("chosen")
    void nothingIsFound(FuzzTestTarget target) throws Exception {
        Path folder = FOLDER.resolve(target.name());
        Path corpus = Files.createDirectories(folder.resolve("corpus"));
        List<byte[]> known = new ArrayList<>(target.seeds());
        known.addAll(target.regressions());
        known.addAll(target.corpus());
        for (int i = 0; i < known.size(); i++) {
            Files.write(corpus.resolve("seed-" + i), known.get(i));
        }
        report(target, fuzz(target, folder.resolve("log.txt"), "-runs=" + INPUTS, corpus.toString()));
        if (KEEP) {
            Path smallest = folder.resolve("smallest");
            FileUtils.deleteDirectory(smallest.toFile());
            Files.createDirectories(smallest);
            fuzz(target, folder.resolve("merge-log.txt"), MERGE, smallest.toString(), corpus.toString());
            keep(smallest, FuzzTestTarget.corpusFile(target.name()));
        }
    }

    /** @return what Jazzer has said */
    private static String fuzz(FuzzTestTarget target, Path log, String... options) throws Exception {
        Path folder = log.getParent();
        List<String> command = TestJvm.command();
        if (Long.parseLong(INPUTS) <= FEW || List.of(options).contains(MERGE)) {
            command.addAll(TestJvm.SHORT_LIVED);
        }
        command.addAll(List.of(
                "-Xmx512m",
                "-XX:ErrorFile=" + folder.resolve("crash.log"),
                "-Dfuzz.target=" + target.name(),
                "-Dlog4j2.configurationFile=file:src/test/resources/fuzz/log4j2.properties",
                "-cp",
                classPath(),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + Entry.class.getName(),
                "--instrumentation_includes=" + INSTRUMENTED,
                "--custom_hook_includes=" + INSTRUMENTED,
                "-seed=1",
                "-timeout=120",
                "-rss_limit_mb=3000",
                "-max_len=20000",
                "-artifact_prefix=" + folder + "/",
                "--reproducer_path=" + folder));
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            // A thousand inputs a second are few.
            long minutes = TestJvm.HANGS.toMinutes() + Long.parseLong(INPUTS) / 60_000;
            assertThat(process.waitFor(minutes, TimeUnit.MINUTES))
                    .as("Jazzer hangs")
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        String said = Files.readString(log, StandardCharsets.ISO_8859_1);
        assertThat(process.exitValue()).as(tail(said)).isZero();
        return said;
    }

    /** Equal inputs give equal bytes. */
    private static void keep(Path inputs, Path file) throws IOException {
        try (Stream<Path> all = Files.list(inputs);
                ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (Path each : all.sorted().toList()) {
                ZipEntry entry = new ZipEntry(each.getFileName().toString());
                entry.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0));
                zip.putNextEntry(entry);
                Files.copy(each, zip);
            }
        }
    }

    /** Jazzer searches all of it at each start, which takes longer than thousands of inputs: without what no reader needs. */
    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !UNUSED.matcher(entry).find())
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static void report(FuzzTestTarget target, String said) {
        Matcher done = DONE.matcher(said);
        assertThat(done.find()).as(tail(said)).isTrue();
        assertThat(Long.parseLong(done.group(1))).isGreaterThanOrEqualTo(Long.parseLong(INPUTS));
        String coverage = "";
        for (Matcher each = COVERAGE.matcher(said); each.find(); ) {
            coverage = each.group(1);
        }
        System.out.printf(
                Locale.ROOT,
                "%-18s %s inputs, %s s, %s edges%n",
                target.name(),
                done.group(1),
                done.group(2),
                coverage);
    }

    private static String tail(String said) {
        return said.substring(Math.max(0, said.length() - 6000));
    }
}
