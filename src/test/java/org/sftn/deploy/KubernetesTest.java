package org.sftn.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.conf.ConfigFile;
import org.sftn.conf.Settings;
import org.sftn.job.Main;

/** The manifests of {@code deploy/kubernetes} against the operator's schema, the image and the project. */
class KubernetesTest {
    private static final Path MANIFESTS = Path.of("deploy/kubernetes");
    private static final YAMLMapper YAML = new YAMLMapper();

    @TempDir
    private Path folder;

    /** Where the manifest says what a line of spark-defaults.conf says. */
    private static final Map<String, String> FIELDS = Map.of(
            "spark.driver.memory", "/driver/memory",
            "spark.executor.memory", "/executor/memory",
            "spark.executor.memoryOverhead", "/executor/memoryOverhead");

    private static final String LOG4J = "-Dlog4j2.configurationFile=file:/opt/sftn/conf/log4j2.properties";

    @ParameterizedTest
    @ValueSource(strings = {"teacher", "distill", "teacher-nightly", "distill-nightly"})
    void everyFieldIsOneOfTheOperators(String name) throws IOException {
        assertThat(problems(manifest(name))).isEmpty();
    }

    @Test
    void theSchemaFindsMistakes() throws IOException {
        ObjectNode manifest = manifest("teacher-nightly");
        ((ObjectNode) manifest.at("/spec")).put("concurrencyPolicy", "Never").remove("schedule");
        ((ObjectNode) manifest.at("/spec/template")).put("maxRetries", 3);
        ((ObjectNode) manifest.at("/spec/template/executor")).put("cores", "2").put("instances", 0);
        ((ObjectNode) manifest.at("/spec/template/sparkConf")).put("spark.task.cpus", 2);

        assertThat(problems(manifest))
                .containsExactlyInAnyOrder(
                        "spec.concurrencyPolicy is \"Never\", not one of [\"Allow\",\"Forbid\",\"Replace\"]",
                        "spec.schedule is missing",
                        "spec.template.maxRetries is unknown",
                        "spec.template.executor.cores is \"2\", not of type integer",
                        "spec.template.executor.instances is 0, less than 1",
                        "spec.template.sparkConf.spark.task.cpus is 2, not of type string");
    }

    @ParameterizedTest
    @ValueSource(strings = {"teacher", "distill"})
    void aNightIsTheOneRunInAFolderOfItsOwn(String job) throws IOException {
        JsonNode nightly = manifest(job + "-nightly").get("spec");
        ObjectNode once = (ObjectNode) manifest(job).get("spec");
        ObjectNode template = (ObjectNode) nightly.get("template");

        assertThat(nightly.get("concurrencyPolicy").asText()).isEqualTo("Forbid");
        assertThat(arguments(template)).containsSequence("--out", "/data/runs/$(SFTN_RUN)", "--resume");
        JsonNode env = ((ObjectNode) template.get("driver")).remove("env").get(0);
        assertThat(env.get("name").asText()).isEqualTo("SFTN_RUN");
        assertThat(env.at("/valueFrom/fieldRef/fieldPath").asText())
                .isEqualTo("metadata.labels['sparkoperator.k8s.io/app-name']");
        List<String> ofOne = arguments(once);
        ofOne.set(ofOne.indexOf("--out") + 1, "/data/runs/$(SFTN_RUN)");
        assertThat(arguments(template)).isEqualTo(ofOne);
        template.remove("arguments");
        once.remove("arguments");
        assertThat(template).isEqualTo(once);
    }

    @ParameterizedTest
    @ValueSource(strings = {"teacher", "distill"})
    void allOfSparkDefaultsIsThere(String job) throws IOException {
        JsonNode spec = manifest(job).get("spec");
        Map<String, String> found = new TreeMap<>();
        spec.get("sparkConf")
                .properties()
                .forEach(entry -> found.put(entry.getKey(), entry.getValue().asText()));
        FIELDS.forEach((key, field) -> found.put(key, spec.at(field).asText()));

        Map<String, String> defaults = defaults();
        defaults.keySet().removeIf(key -> key.startsWith("spark.yarn."));
        defaults.put("spark.task.cpus", spec.at("/executor/cores").asText());

        assertThat(found).isEqualTo(defaults);
        for (String pod : List.of("driver", "executor")) {
            assertThat(spec.at("/" + pod + "/javaOptions").asText()).isEqualTo(LOG4J);
        }
    }

    private static Map<String, String> defaults() throws IOException {
        Map<String, String> defaults = new TreeMap<>();
        for (String line : Files.readAllLines(Path.of(System.getenv("SPARK_HOME"), "conf/spark-defaults.conf"))) {
            if (!line.isBlank() && !line.startsWith("#")) {
                String[] entry = line.split("\\s+", 2);
                defaults.put(entry[0], entry[1].strip());
            }
        }
        assertThat(defaults).containsKeys(FIELDS.keySet().toArray(String[]::new));
        return defaults;
    }

    @ParameterizedTest
    @ValueSource(strings = {"teacher", "distill"})
    void theJobIsOneOfOurs(String job) throws IOException {
        JsonNode spec = manifest(job).get("spec");

        assertThat(spec.get("mainClass").asText()).isEqualTo(Main.class.getName());
        assertThat(spec.get("sparkVersion").asText()).isEqualTo(org.apache.spark.package$.MODULE$.SPARK_VERSION());
        List<String> arguments = arguments(spec);
        assertThat(arguments).first().isEqualTo(job);
        assertThat(arguments).endsWith("--resume");
        Map<String, String> set = new HashMap<>();
        for (int i = 1; i < arguments.size() - 1; i += 2) {
            if (arguments.get(i).equals("--set")) {
                String[] assignment = arguments.get(i + 1).split("=", 2);
                set.put(assignment[0], assignment[1]);
            } else {
                assertThat(arguments.get(i)).isIn("--config", "--out");
            }
        }
        Path config = Path.of(arguments.get(arguments.indexOf("--config") + 1).replace("/opt/sftn/", ""));
        Settings settings = Settings.of(List.of(
                Settings.assignments(set, "manifest"),
                ConfigFile.read(
                        new org.apache.hadoop.fs.Path(config.toAbsolutePath().toUri()), new Configuration(false))));
        assertThat(settings.training().executors())
                .isEqualTo(spec.at("/executor/instances").asInt());
    }

    @Test
    void theStudentIsOfTheTeacherThatIsTrained() throws IOException {
        List<String> teacher = arguments(manifest("teacher").get("spec"));
        String out = teacher.get(teacher.indexOf("--out") + 1);

        assertThat(arguments(manifest("distill").get("spec"))).contains("distill.teacher=" + out + "/model");
    }

    /** What the manifests name stands where the image puts it. */
    @Test
    void theImageHoldsWhatTheManifestsName() throws IOException {
        String image = Files.readString(Path.of("deploy/docker/Dockerfile"));
        String jar = Files.readString(Path.of("src/pom.xml")).replaceFirst("(?s).*<finalName>(.*?)</finalName>.*", "$1")
                + ".jar";

        assertThat(image)
                .contains("COPY target/" + jar + " /opt/sftn/\n")
                .contains("COPY conf /opt/sftn/conf\n")
                .contains("COPY target/spark /opt/spark\n")
                .contains("SPARK_HOME=/opt/spark ");
        for (String job : List.of("teacher", "distill")) {
            JsonNode spec = manifest(job).get("spec");
            assertThat(spec.get("mainApplicationFile").asText()).isEqualTo("local:///opt/sftn/" + jar);
            assertThat(image)
                    .contains("\nUSER "
                            + spec.at("/driver/podSecurityContext/runAsUser").asText() + "\n");
        }
        assertThat(Path.of("conf/log4j2.properties")).exists();
        try (Stream<String> ignored = Files.lines(Path.of("deploy/docker/Dockerfile.dockerignore"))) {
            List<String> sent = ignored.filter(line -> line.startsWith("!"))
                    .map(line -> line.substring(1))
                    .toList();
            assertThat(Pattern.compile("(?m)^COPY (?:--\\S+ )?(\\S+) ")
                            .matcher(image)
                            .results()
                            .map(copied -> copied.group(1)))
                    .containsExactlyInAnyOrderElementsOf(sent);
        }
    }

    /** Without a container: a {@code tini} that says what it is to run. */
    private Ran entryPoint(Map<String, String> environment, String... arguments) throws Exception {
        Path tini = Files.writeString(folder.resolve("tini"), "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
        assertThat(tini.toFile().setExecutable(true)).isTrue();
        List<String> command = new ArrayList<>(List.of("env", "-i", "PATH=" + folder + ":/usr/bin:/bin"));
        environment.forEach((key, value) -> command.add(key + "=" + value));
        command.add("deploy/docker/entrypoint.sh");
        command.addAll(List.of(arguments));
        return Ran.of(command, Map.of());
    }

    @Test
    void theEntryPointStartsADriver() throws Exception {
        Ran ran = entryPoint(
                Map.of("SPARK_HOME", "/opt/spark", "SPARK_DRIVER_BIND_ADDRESS", "10.0.0.7"),
                "driver",
                "--properties-file",
                "/opt/spark/conf/spark.properties",
                "--class",
                "org.sftn.job.Main",
                "spark-internal",
                "teacher",
                "--set",
                "a=b c");

        assertThat(ran.out()).isEqualTo("""
                -s
                --
                /opt/spark/bin/spark-submit
                --conf
                spark.driver.bindAddress=10.0.0.7
                --conf
                spark.executorEnv.SPARK_DRIVER_POD_IP=10.0.0.7
                --deploy-mode
                client
                --properties-file
                /opt/spark/conf/spark.properties
                --class
                org.sftn.job.Main
                spark-internal
                teacher
                --set
                a=b c
                """);
    }

    @Test
    void theEntryPointStartsAnExecutor() throws Exception {
        Map<String, String> told = new HashMap<>(Map.of(
                "SPARK_HOME", "/opt/spark",
                "SPARK_DRIVER_URL", "spark://CoarseGrainedScheduler@10.0.0.7:7078",
                "SPARK_EXECUTOR_ID", "2",
                "SPARK_EXECUTOR_CORES", "4",
                "SPARK_EXECUTOR_MEMORY", "4g",
                "SPARK_APPLICATION_ID", "spark-1",
                "SPARK_EXECUTOR_POD_IP", "10.0.0.8",
                "SPARK_RESOURCE_PROFILE_ID", "0",
                "SPARK_EXECUTOR_POD_NAME", "sftn-exec-2"));
        List<String> options = new ArrayList<>();
        for (int i = 0; i <= 10; i++) {
            told.put("SPARK_JAVA_OPT_" + i, "-Doption=" + i);
            options.add("-Doption=" + i);
        }

        assertThat(entryPoint(told, "executor").out().lines().toList())
                .isEqualTo(Stream.of(
                                List.of("-s", "--", "java"),
                                options,
                                List.of("-Xms4g", "-Xmx4g", "-cp", "/opt/spark/jars/*"),
                                List.of("org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend"),
                                List.of("--driver-url", "spark://CoarseGrainedScheduler@10.0.0.7:7078"),
                                List.of("--executor-id", "2", "--cores", "4", "--app-id", "spark-1"),
                                List.of("--hostname", "10.0.0.8", "--resourceProfileId", "0"),
                                List.of("--podName", "sftn-exec-2"))
                        .flatMap(List::stream)
                        .toList());
        assertThat(entryPoint(told, "spark-submit", "--version").out()).isEqualTo("-s\n--\nspark-submit\n--version\n");
        assertThat(entryPoint(told))
                .isEqualTo(new Ran(1, "", "Usage: driver [spark-submit options] | executor | COMMAND [arguments]\n"));
        told.remove("SPARK_DRIVER_URL");
        Ran untold = entryPoint(told, "executor");
        assertThat(untold.code()).isNotZero();
        assertThat(untold.err()).contains("SPARK_DRIVER_URL: unbound variable");
    }

    /** As on clusters that give each namespace numbers of its own. */
    @ParameterizedTest
    @ValueSource(strings = {"driver", "executor"})
    void theEntryPointRefusesAUserWithoutAName(String pod) throws Exception {
        Path id = Files.writeString(
                folder.resolve("id"), "#!/bin/sh\nif [ \"$1\" = -u ]; then echo 12345; else exit 1; fi\n");
        assertThat(id.toFile().setExecutable(true)).isTrue();

        assertThat(entryPoint(Map.of("SPARK_HOME", "/opt/spark"), pod))
                .isEqualTo(
                        new Ran(
                                2,
                                "",
                                "error: the user with the number 12345 has no name, and Hadoop knows users by name: add the number to the image's /etc/passwd, or run as 185\n"));
    }

    private static ObjectNode manifest(String name) throws IOException {
        return (ObjectNode) YAML.readTree(MANIFESTS.resolve(name + ".yaml").toFile());
    }

    private static List<String> arguments(JsonNode spec) {
        List<String> arguments = new ArrayList<>();
        spec.get("arguments").forEach(argument -> arguments.add(argument.asText()));
        return arguments;
    }

    private static List<String> problems(JsonNode manifest) throws IOException {
        JsonNode facts =
                new ObjectMapper().readTree(KubernetesTest.class.getResource("/kubernetes/sparkoperator-v1beta2.json"));
        JsonNode kind = facts.get("kinds").get(manifest.get("kind").asText());
        List<String> problems = new ArrayList<>();
        check("", manifest, kind, facts.get("shared"), problems);
        return problems;
    }

    /** As Kubernetes does, but for unknown fields, which it would drop. */
    private static void check(String path, JsonNode value, JsonNode rule, JsonNode shared, List<String> problems) {
        if (rule.has("$ref")) {
            check(path, value, shared.get(rule.get("$ref").asText()), shared, problems);
            return;
        }
        String type = rule.get("type").asText();
        boolean ofType = switch (type) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isTextual();
            case "integer" -> value.isIntegralNumber();
            case "boolean" -> value.isBoolean();
            default -> throw new IllegalArgumentException(type);
        };
        if (!ofType) {
            problems.add(String.format(Locale.ROOT, "%s is %s, not of type %s", path, value, type));
            return;
        }
        if (rule.has("enum")
                && StreamSupport.stream(rule.get("enum").spliterator(), false).noneMatch(value::equals)) {
            problems.add(String.format(Locale.ROOT, "%s is %s, not one of %s", path, value, rule.get("enum")));
        }
        if (rule.has("minimum") && value.asLong() < rule.get("minimum").asLong()) {
            problems.add(String.format(Locale.ROOT, "%s is %s, less than %s", path, value, rule.get("minimum")));
        }
        if (rule.has("required")) {
            rule.get("required").forEach(name -> {
                if (!value.has(name.asText())) {
                    problems.add(child(path, name.asText()) + " is missing");
                }
            });
        }
        if (value.isArray()) {
            value.forEach(item -> check(path + "[]", item, rule.get("items"), shared, problems));
        }
        value.properties().forEach(entry -> {
            String inner = child(path, entry.getKey());
            JsonNode known = rule.has("additionalProperties")
                    ? rule.get("additionalProperties")
                    : rule.path("properties").get(entry.getKey());
            if (known == null) {
                problems.add(inner + " is unknown");
            } else {
                check(inner, entry.getValue(), known, shared, problems);
            }
        });
    }

    private static String child(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }
}
