package org.sftn.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The DAG without Airflow: {@code src/test/python/airflow_render.py} stands in for it. */
class AirflowTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path DAG = Path.of("deploy/airflow/sftn_nightly.py");
    private static final Map<String, String> PLACES = Map.of("SFTN_HOME", "/opt/sftn", "SFTN_ROOT", "/data/sftn");

    @TempDir
    private Path folder;

    @BeforeEach
    void pythonWithJinja() throws Exception {
        boolean there;
        try {
            there = Ran.of(List.of("python3", "-c", "import jinja2"), Map.of()).code() == 0;
        } catch (IOException e) {
            there = false;
        }
        assumeTrue(there, "python3 with jinja2 is not there: the DAG is not tested");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void theGraphOfOneMethod(int airflow) throws Exception {
        JsonNode dag = render(airflow, PLACES, run("2026-01-02"));

        assertThat(dag.get("dag_id").asText()).isEqualTo("sftn_nightly");
        assertThat(dag.get("schedule").asText()).isEqualTo("0 1 * * *");
        assertThat(dag.get("catchup").asBoolean()).isFalse();
        assertThat(dag.get("max_active_runs").asInt()).isEqualTo(1);
        assertThat(dag.get("max_active_tasks").asInt()).isEqualTo(2);
        assertThat(edges(dag))
                .containsExactly(
                        "-> prepare", "prepare -> teacher", "teacher -> distill_kd", "distill_kd -> evaluate_kd");
        Map<String, Integer> hours = new HashMap<>();
        dag.get("tasks").properties().forEach(task -> {
            assertThat(task.getValue().get("retries").asInt()).isEqualTo(2);
            assertThat(task.getValue().get("retry_minutes").asInt()).isEqualTo(5);
            assertThat(task.getValue().get("connection").asText()).isEqualTo("spark_default");
            hours.put(task.getKey(), task.getValue().get("hours").asInt());
        });
        assertThat(hours).isEqualTo(Map.of("prepare", 4, "teacher", 12, "distill_kd", 12, "evaluate_kd", 1));
    }

    @Test
    void everyMethodHasItsTasks() throws Exception {
        Map<String, String> environment = new HashMap<>(PLACES);
        environment.putAll(Map.of("SFTN_METHODS", "kd, dkd none", "SFTN_PARALLEL", "3", "SFTN_SCHEDULE", "@weekly"));

        JsonNode dag = render(3, environment, run("2026-01-02"));

        assertThat(dag.get("max_active_tasks").asInt()).isEqualTo(3);
        assertThat(dag.get("schedule").asText()).isEqualTo("@weekly");
        assertThat(edges(dag))
                .containsExactly(
                        "-> prepare",
                        "prepare -> teacher",
                        "teacher -> distill_kd",
                        "distill_kd -> evaluate_kd",
                        "teacher -> distill_dkd",
                        "distill_dkd -> evaluate_dkd",
                        "teacher -> distill_none",
                        "distill_none -> evaluate_none");
        assertThat(command(dag, "distill_dkd"))
                .contains("distill.method=dkd")
                .containsSequence("--out", "/data/sftn/2026-01-02/student-dkd", "--resume");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void theCommandsOfADate(int airflow) throws Exception {
        JsonNode dag = render(airflow, PLACES, run("2026-01-02", "executors", 4, "executor_cores", 8));

        String submit = "spark-submit --master yarn --conf spark.executor.instances=4 --conf spark.executor.cores=8"
                + " --conf spark.cores.max=32 %s--name sftn %s 2026-01-02 --class org.sftn.job.Main"
                + " /opt/sftn/target/sftn-on-spark.jar ";
        String replicas = "--conf spark.task.cpus=8 ";
        assertThat(String.join(" ", command(dag, "prepare")))
                .isEqualTo(String.format(Locale.ROOT, submit, "", "prepare")
                        + "prepare --config /opt/sftn/conf/quickstart.conf"
                        + " --set prepare.input= --out /data/sftn/2026-01-02/data --resume");
        assertThat(String.join(" ", command(dag, "teacher")))
                .isEqualTo(String.format(Locale.ROOT, submit, replicas, "teacher")
                        + "teacher --config /opt/sftn/conf/quickstart.conf"
                        + " --set data.path=/data/sftn/2026-01-02/data --set training.executors=4"
                        + " --out /data/sftn/2026-01-02/teacher --resume");
        assertThat(String.join(" ", command(dag, "distill_kd")))
                .isEqualTo(String.format(Locale.ROOT, submit, replicas, "distill_kd")
                        + "distill --config /opt/sftn/conf/quickstart.conf"
                        + " --set data.path=/data/sftn/2026-01-02/data --set training.executors=4"
                        + " --set distill.method=kd --set distill.teacher=/data/sftn/2026-01-02/teacher/model"
                        + " --out /data/sftn/2026-01-02/student-kd --resume");
        assertThat(String.join(" ", command(dag, "evaluate_kd")))
                .isEqualTo(String.format(Locale.ROOT, submit, replicas, "evaluate_kd")
                        + "evaluate --config /opt/sftn/conf/quickstart.conf"
                        + " --set data.path=/data/sftn/2026-01-02/data"
                        + " --set evaluate.model=/data/sftn/2026-01-02/student-kd/model"
                        + " --out /data/sftn/2026-01-02/evaluation-kd --resume");
    }

    @Test
    void studentsLabelWhatThereIsToLabel() throws Exception {
        Map<String, String> environment = new HashMap<>(PLACES);
        environment.put("SFTN_PREDICT_INPUT", "/photos/{{ ds }}");

        JsonNode dag = render(2, environment, run("2026-01-02"));

        assertThat(edges(dag)).contains("evaluate_kd -> predict_kd");
        assertThat(command(dag, "predict_kd"))
                .containsSequence("predict", "--config", "/opt/sftn/conf/quickstart.conf")
                .contains("predict.model=/data/sftn/2026-01-02/student-kd/model", "predict.input=/photos/2026-01-02")
                .containsSequence("--out", "/data/sftn/2026-01-02/labels-kd", "--resume")
                .noneMatch(word -> word.startsWith("spark.task.cpus"));
    }

    @Test
    void aRunWithoutALogicalDateIsOfTheDayOfItsStart() throws Exception {
        JsonNode dag = render(
                3, PLACES, "{\"logical_date\": null, \"run_after\": \"2026-03-04T05:06:07+00:00\", \"params\": {}}");

        assertThat(command(dag, "teacher")).containsSequence("--out", "/data/sftn/2026-03-04/teacher", "--resume");
    }

    @Test
    void aDataSetOfAllDatesMayBeNamed() throws Exception {
        Map<String, String> environment = new HashMap<>(PLACES);
        environment.putAll(Map.of("SFTN_INPUT", "/downloads/cifar-100", "SFTN_DATA", "hdfs:///data/cifar-100"));

        JsonNode dag = render(2, environment, run("2026-01-02"));

        assertThat(command(dag, "prepare"))
                .containsSequence(
                        "--set", "prepare.input=/downloads/cifar-100", "--out", "hdfs:///data/cifar-100", "--resume");
        for (String reading : List.of("teacher", "distill_kd", "evaluate_kd")) {
            assertThat(command(dag, reading)).contains("data.path=hdfs:///data/cifar-100");
        }
    }

    /** Every command as it is rendered, with the spark-submit of our Spark home. */
    @Test
    void theCommandsRunAndRunAgain() throws Exception {
        SparkHome spark = SparkHome.withClassPathOfTests(folder.resolve("conf"));
        Path home = folder.resolve("home");
        Files.createDirectories(home.resolve("target"));
        SparkHome.emptyJar(home.resolve("target/sftn-on-spark.jar"));
        Path config = Files.writeString(folder.resolve("tiny.conf"), Tiny.CONF);
        Path root = folder.resolve("runs");
        JsonNode dag = render(
                3,
                "local[2]",
                Map.of("SFTN_HOME", home.toString(), "SFTN_ROOT", root.toString()),
                run(
                        "2026-01-02",
                        Stream.of("prepare", "teacher", "distill", "evaluate")
                                .flatMap(job -> Stream.of(job + "_config", config.toString()))
                                .toArray()));
        Path date = root.resolve("2026-01-02");
        Map<String, String> lines = Map.of(
                "prepare", "prepare done: 48 training and 20 test images",
                "teacher", "teacher done: ",
                "distill_kd", "distill done: ",
                "evaluate_kd", "evaluate done: top-1 ");

        List<String> tasks = List.of("prepare", "teacher", "distill_kd", "evaluate_kd");
        for (String task : tasks) {
            Ran first = spark.run(command(dag, task));
            assertThat(first.code()).as(first.text()).isZero();
            assertThat(first.text()).contains(lines.get(task));
        }
        String weights = "student-kd/model/weights.safetensors";
        byte[] trained = Files.readAllBytes(date.resolve(weights));
        Ran again = spark.run(command(dag, "evaluate_kd"));
        assertThat(again.code()).as(again.text()).isZero();
        assertThat(again.text()).contains("is finished already: evaluate done: top-1 ");
        assertThat(Files.readAllBytes(date.resolve(weights))).isEqualTo(trained);

        // A run that was cut off goes on in its folder.
        Files.delete(date.resolve("student-kd/result.json"));
        Ran resumed = spark.run(command(dag, "distill_kd"));
        assertThat(resumed.code()).as(resumed.text()).isZero();
        assertThat(resumed.text()).contains("distill done: ").contains("continuing after iteration 12");
        assertThat(Files.readAllBytes(date.resolve(weights))).isEqualTo(trained);
    }

    private static String run(String date, Object... params) throws IOException {
        Map<String, Object> given = new HashMap<>();
        for (int i = 0; i < params.length; i += 2) {
            given.put(params[i].toString(), params[i + 1]);
        }
        return JSON.writeValueAsString(
                Map.of("logical_date", date + "T01:00:00+00:00", "run_after", date, "params", given));
    }

    private static JsonNode render(int airflow, Map<String, String> environment, String run) throws Exception {
        return render(airflow, "yarn", environment, run);
    }

    private static JsonNode render(int airflow, String master, Map<String, String> environment, String run)
            throws Exception {
        Ran ran = Ran.of(
                List.of(
                        "python3",
                        "src/test/python/airflow_render.py",
                        String.valueOf(airflow),
                        DAG.toString(),
                        master,
                        run),
                environment);
        assertThat(ran.code()).as(ran.text()).isZero();
        return JSON.readTree(ran.out());
    }

    private static List<String> edges(JsonNode dag) {
        List<String> edges = new ArrayList<>();
        dag.get("tasks").properties().forEach(task -> {
            JsonNode upstream = task.getValue().get("upstream");
            if (upstream.isEmpty()) {
                edges.add("-> " + task.getKey());
            }
            upstream.forEach(before -> edges.add(before.asText() + " -> " + task.getKey()));
        });
        return edges;
    }

    private static List<String> command(JsonNode dag, String task) {
        return StreamSupport.stream(dag.get("tasks").get(task).get("command").spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }
}
