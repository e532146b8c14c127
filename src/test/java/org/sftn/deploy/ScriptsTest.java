package org.sftn.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.TestJvm;

/** What {@code jobs/} makes of links, environments and options; a Java and a Spark home that say how they are called stand in. */
class ScriptsTest {
    private static final List<String> JOBS =
            List.of("distill", "evaluate", "predict", "prepare", "quickstart", "study", "teacher");
    private static final List<String> COMMANDS = List.of("bench", "export", "import", "list", "report", "status");

    /** The locale, then each word, ended by NUL. */
    private static final String SAYS = "#!/bin/sh\nprintf '%s\\0' \"${LC_ALL:-}\" \"$@\"\n";

    @TempDir
    private Path folder;

    private Path project;
    private Path jar;
    private Path java;
    private Path spark;

    @BeforeEach
    void project() throws IOException {
        folder = folder.toRealPath();
        project = folder.resolve("my project");
        copy(Path.of("jobs"), project.resolve("jobs"));
        copy(Path.of("deploy/standalone"), project.resolve("deploy/standalone"));
        jar = project.resolve("target/sftn-on-spark.jar");
        Files.createDirectories(jar.getParent());
        SparkHome.emptyJar(jar);
        java = folder.resolve("jdk");
        executable(java.resolve("bin/java"), SAYS);
        Files.writeString(java.resolve("release"), "IMPLEMENTOR=\"N/A\"\nJAVA_VERSION=\"17.0.9\"\n");
        spark = folder.resolve("spark home");
        executable(spark.resolve("bin/spark-submit"), SAYS);
        executable(spark.resolve("jars/spark-core_2.13-4.0.1.jar"), "");
        Files.createDirectories(spark.resolve("conf"));
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    private static Path executable(Path script, String text) throws IOException {
        Files.createDirectories(script.getParent());
        Files.writeString(script, text);
        assertThat(script.toFile().setExecutable(true)).isTrue();
        return script;
    }

    private void defaults(String lines) throws IOException {
        Files.writeString(spark.resolve("conf/spark-defaults.conf"), lines);
    }

    /** In cron's environment, from the root folder; variables without a value are unset. */
    private Ran run(List<String> variables, String... command) throws Exception {
        List<String> all = new ArrayList<>(List.of("env", "-i", "-C", "/", "HOME=/", "PATH=/usr/bin:/bin"));
        all.addAll(List.of("JAVA_HOME=" + java, "SPARK_HOME=" + spark));
        all.addAll(variables);
        all.addAll(List.of(command));
        return Ran.of(all, Map.of());
    }

    private Ran job(String name, String... options) throws Exception {
        String[] command = Stream.concat(
                        Stream.of(project.resolve("jobs/" + name + ".sh").toString()), Arrays.stream(options))
                .toArray(String[]::new);
        return run(List.of(), command);
    }

    /** What stands behind the locale. */
    private static List<String> words(Ran ran) {
        assertThat(ran.err()).isEmpty();
        assertThat(ran.code()).isZero();
        List<String> words = List.of(ran.out().split("\0", -1));
        return words.subList(1, words.size() - 1);
    }

    private static void assertRefused(Ran ran, int code, String message) {
        assertThat(ran).isEqualTo(new Ran(code, "", "error: " + message + "\n"));
    }

    @Test
    void allScriptsAreNamedHere() throws IOException {
        try (Stream<Path> scripts = Files.list(project.resolve("jobs"))) {
            assertThat(scripts.map(each -> each.getFileName().toString()).filter(name -> name.endsWith(".sh")))
                    .containsExactlyInAnyOrderElementsOf(Stream.concat(JOBS.stream(), COMMANDS.stream())
                            .map(name -> name + ".sh")
                            .toList());
        }
    }

    @Test
    void linksToTheScriptsAreFollowed() throws Exception {
        Path bin = Files.createDirectories(folder.resolve("usr/bin"));
        for (String name : JOBS) {
            Path link = Files.createSymbolicLink(bin.resolve("sftn-" + name), project.resolve("jobs/" + name + ".sh"));
            assertThat(words(run(List.of(), link.toString())))
                    .containsSequence("--class", "org.sftn.job.Main")
                    .endsWith(jar.toString(), name);
        }
        for (String name : COMMANDS) {
            // Relative, and of a link.
            Path first = Files.createSymbolicLink(
                    bin.resolve(name), bin.relativize(project.resolve("jobs/" + name + ".sh")));
            Path link = Files.createSymbolicLink(bin.resolve("sftn-" + name), first.getFileName());
            assertThat(words(run(List.of(), link.toString(), "--help"))).endsWith("org.sftn.job.Main", name, "--help");
        }
        Path stop = Files.createSymbolicLink(bin.resolve("sftn-stop"), project.resolve("deploy/standalone/stop.sh"));
        assertThat(run(List.of(), stop.toString()))
                .isEqualTo(new Ran(0, "No cluster in " + project.resolve("target/standalone") + "\n", ""));
    }

    /** Java stands in for Spark's launcher, whose answer is a command, and for that command. */
    @ParameterizedTest
    @ValueSource(strings = {"", "/"})
    void sparksSettingsGoBehindItsJarsWhereItsClassesAreArchived(String end) throws Exception {
        Path home = folder.resolve("home");
        copy(Path.of("src/main/spark-home/bin"), home.resolve("bin"));
        String settings = folder.resolve("my settings").toString();
        String jars = home + "/jars/b.jar:" + home + "/jars/*";
        String path = "a.jar:" + settings + "/:" + jars + ":/hadoop";
        executable(
                java.resolve("bin/java"),
                "#!/bin/sh\ncase \"$*\" in *launcher.Main*) printf '\\0\\n'; printf '%s\\0' \"$0\" -cp '" + path
                        + "' -Xmx4g Main x ;; *) printf '%s\\0' '' \"$@\" ;; esac\n");
        String script = home.resolve("bin/spark-class").toString();
        List<String> environment = List.of("SPARK_CONF_DIR=" + settings + end);

        assertThat(words(run(environment, script, "Main"))).containsExactly("-cp", path, "-Xmx4g", "Main", "x");

        Path classes = Files.createFile(home.resolve("classes.jsa"));
        assertThat(words(run(environment, script, "Main")))
                .startsWith("-cp", "a.jar:" + jars + ":" + settings + "/:/hadoop")
                .contains("-XX:SharedArchiveFile=" + classes)
                .endsWith("-Xmx4g", "Main", "x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-h", "--help", "-V", "--version"})
    void helpNeedsNoSpark(String option) throws Exception {
        assertThat(words(job("teacher", "--out=x", option)))
                .endsWith("org.sftn.job.Main", "teacher", "--out=x", option)
                .doesNotContain("--class");
    }

    @Test
    void onlyADryRunLeavesTheSecondCompilerOut() throws Exception {
        executable(spark.resolve("bin/spark-submit"), "#!/bin/sh\nprintf '%s\\0' '' \"${SPARK_SUBMIT_OPTS:-}\" ''\n");
        String teacher = project.resolve("jobs/teacher.sh").toString();

        assertThat(words(run(List.of("SPARK_SUBMIT_OPTS=-Da=b"), teacher, "--dry-run")))
                .containsExactly("-XX:TieredStopAtLevel=1 -Da=b", "");
        assertThat(words(run(List.of("SPARK_SUBMIT_OPTS=-Da=b"), teacher))).containsExactly("-Da=b", "");
    }

    @Test
    void aLinkToOurSparkSubmitIsFollowed() throws Exception {
        Path link = Files.createSymbolicLink(
                folder.resolve("submit"), Path.of(System.getenv("SPARK_HOME")).resolve("bin/spark-submit"));

        Ran ran = run(List.of("JAVA_HOME=" + System.getProperty("java.home")), link.toString(), "--version");

        assertThat(ran.text()).contains("version 4.0.1");
        assertThat(ran.code()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--",
                "",
                " ",
                "a  b ",
                "'",
                "\"",
                "a\"b",
                "#x",
                "$HOME",
                "`id`",
                "\\",
                "\\n",
                "*",
                "a\nb",
                "a\tb",
                "@/etc/passwd",
                "%s",
                "!",
                "~",
                "{a,b}",
                "a;b",
                "--out",
                "a=b",
                "$'x'",
                "&",
                "<x>",
                "[1]"
            })
    void valuesArriveAsTheyAre(String value) throws Exception {
        assertThat(words(job("teacher", "--set=key=" + value, "--out=" + value, "--", "--conf", "spark.key=" + value)))
                .endsWith(
                        "--conf",
                        "spark.key=" + value,
                        jar.toString(),
                        "teacher",
                        "--set=key=" + value,
                        "--out=" + value);
        assertThat(words(job("report", value, "--out", value))).endsWith("report", value, "--out", value);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "A=b",
                "LC_ALL=C",
                "LC_ALL=POSIX",
                "LC_ALL=xx_YY.UTF-8",
                "LANG=xx_YY.ISO-8859-1",
                "LC_CTYPE=xx_YY.UTF-8",
                "LC_TIME=xx_YY.UTF-8"
            })
    void theLocaleIsOfUtf8(String variable) throws Exception {
        for (String script : List.of("teacher.sh", "list.sh")) {
            Ran ran = run(
                    List.of(variable),
                    "bash",
                    "-c",
                    "exec \"$0\" $'\\xe6\\x95\\xb0'",
                    project.resolve("jobs/" + script).toString());

            // Of bash, which is started with a locale that is not there.
            assertThat(ran.err().replaceAll("(?m)^.*bash: warning: setlocale: .*\n", ""))
                    .isEmpty();
            assertThat(ran.out()).startsWith("C.UTF-8\0").endsWith("\0\u6570\0");
        }
    }

    @Test
    void aLocaleOfUtf8IsLeft() throws Exception {
        String teacher = project.resolve("jobs/teacher.sh").toString();
        assertThat(run(List.of("LANG=C.UTF-8"), teacher).out()).startsWith("\0");
        assertThat(run(List.of("LC_ALL=C.utf8"), teacher).out()).startsWith("C.utf8\0");
    }

    @Test
    void aWrongEnvironmentIsNamed() throws Exception {
        String noJdk = "set it to a JDK 17 or 21";
        String likeOurs = "unset it, or set it to a home of Spark 3.5 or 4.0";
        Files.createDirectories(folder.resolve("jdk11"));
        executable(folder.resolve("jdk11/bin/java"), SAYS);
        Files.writeString(folder.resolve("jdk11/release"), "JAVA_VERSION=\"11.0.21\"\n");
        executable(folder.resolve("spark3/bin/spark-submit"), SAYS);
        executable(folder.resolve("spark3/jars/spark-core_2.12-3.4.4.jar"), "");
        Map<String, String> wrong = Map.of(
                "JAVA_HOME=/nonexistent",
                "JAVA_HOME is '/nonexistent', where there is no bin/java: " + noJdk,
                "JAVA_HOME=" + folder,
                "JAVA_HOME is '" + folder + "', where there is no bin/java: " + noJdk,
                "JAVA_HOME=" + folder.resolve("jdk11"),
                folder.resolve("jdk11/bin/java")
                        + " is of Java 11.0.21: the jobs need JDK 17 or 21, set JAVA_HOME to one",
                "SPARK_HOME=/nonexistent",
                "SPARK_HOME is '/nonexistent', where there is no bin/spark-submit: " + likeOurs,
                "SPARK_HOME=" + folder.resolve("spark3"),
                "SPARK_HOME is '" + folder.resolve("spark3") + "', where Spark is another one: " + likeOurs,
                "SPARK_CONF_DIR=/nonexistent",
                "SPARK_CONF_DIR is '/nonexistent', which is no folder",
                "HADOOP_CONF_DIR=/etc/passwd",
                "HADOOP_CONF_DIR is '/etc/passwd', which is no folder");
        for (Map.Entry<String, String> each : wrong.entrySet()) {
            for (String script : List.of("jobs/list.sh", "jobs/teacher.sh")) {
                assertRefused(
                        run(List.of(each.getKey()), project.resolve(script).toString()), 2, each.getValue());
            }
            assertRefused(
                    run(
                            List.of(each.getKey()),
                            project.resolve("deploy/standalone/start.sh").toString(),
                            "1"),
                    2,
                    each.getValue());
        }
    }

    @Test
    void withoutJavaNothingIsTried() throws Exception {
        Path bin = tools();

        assertRefused(
                run(
                        List.of("JAVA_HOME=", "PATH=" + bin),
                        project.resolve("jobs/list.sh").toString()),
                2,
                "there is no java on the PATH, and JAVA_HOME is not set: set it to a JDK 17 or 21");
        executable(bin.resolve("java"), SAYS);
        assertThat(run(
                                List.of("JAVA_HOME=", "PATH=" + bin),
                                project.resolve("jobs/list.sh").toString())
                        .code())
                .isZero();
    }

    @Test
    void whatCannotBeBuiltIsSaid() throws Exception {
        Files.delete(jar);

        assertRefused(
                run(List.of("PATH=" + tools()), project.resolve("jobs/list.sh").toString()),
                2,
                String.format(
                        Locale.ROOT,
                        "nothing is built yet in %s, and there is no mvn on the PATH: the jobs are built with Maven 3.8 or newer",
                        project));
    }

    /** What the scripts call, and nothing else. */
    private Path tools() throws IOException {
        Path bin = Files.createDirectories(folder.resolve("bin"));
        for (String tool :
                List.of("bash", "dirname", "env", "grep", "id", "locale", "readlink", "sed", "sh", "tail", "xargs")) {
            Files.createSymbolicLink(bin.resolve(tool), Path.of("/usr/bin", tool));
        }
        return bin;
    }

    @Test
    void aUserWithoutANameIsRefused() throws Exception {
        executable(folder.resolve("bin/id"), "#!/bin/sh\nif [ \"$1\" = -u ]; then echo 12345; else exit 1; fi\n");
        List<String> nameless = List.of("PATH=" + folder.resolve("bin") + ":/usr/bin:/bin");
        String message =
                "the user with the number 12345 has no name, and Hadoop knows users by name: add the number to /etc/passwd, or run as a user who is there";

        assertRefused(run(nameless, project.resolve("jobs/prepare.sh").toString()), 2, message);
        assertRefused(run(nameless, project.resolve("jobs/status.sh").toString()), 2, message);
    }

    @Test
    void aFolderThatJavaCannotNameIsRefused() throws Exception {
        Path colon = folder.resolve("a:b");
        copy(Path.of("jobs"), colon.resolve("jobs"));

        assertRefused(
                run(List.of(), colon.resolve("jobs/list.sh").toString()),
                2,
                String.format(
                        Locale.ROOT,
                        "the folder '%s' cannot be on Java's class path, or not be told to Spark: it must be without : * ? [ { # %%",
                        colon));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"foo", "spark:/x", "spark://", "http://127.0.0.1:7077", "k8s:x", "local x", "mesos://x:5050"})
    void aWrongMasterIsRefused(String master) throws Exception {
        String message = String.format(
                Locale.ROOT,
                "the master cannot be '%s': it is local, local[N], spark://HOST:PORT, yarn or k8s://URL",
                master);

        assertRefused(job("teacher", "--", "--master", master), 2, message);
        assertRefused(job("teacher", "--", "--conf", "spark.master=" + master), 2, message);
        defaults("spark.master " + master);
        assertRefused(job("teacher"), 2, message);
    }

    @Test
    void aClusterThatTheSparkHomeDoesNotKnowIsRefused() throws Exception {
        assertRefused(
                job("teacher", "--", "--master", "yarn"),
                2,
                "for the master yarn set HADOOP_CONF_DIR to the folder with the cluster's core-site.xml and yarn-site.xml");
        Ran kubernetes = job("teacher", "--", "--master", "k8s://h:443");
        assertThat(kubernetes.code()).isEqualTo(2);
        assertThat(kubernetes.err())
                .startsWith("error: the Spark home ")
                .endsWith(
                        " has no spark-kubernetes jar: on Kubernetes jobs are run by the Spark operator, see deploy/kubernetes\n");
    }

    @ParameterizedTest
    @CsvSource({
        "spark://h:7077 , --master spark://h:7077 --deploy-mode cluster",
        "spark://h:7077 , --master=spark://h:7077 --deploy-mode=cluster",
        "spark://h:7077 , --conf spark.master=spark://h:7077 --conf spark.submit.deployMode=cluster",
        "k8s://https://h, --deploy-mode cluster --master local --master k8s://https://h",
        "k8s://https://h, --conf=spark.submit.deployMode=cluster --conf=spark.master=k8s://https://h",
    })
    void aModeThatHidesHowJobsEndIsRefused(String master, String options) throws Exception {
        String message = String.format(
                Locale.ROOT,
                "with --deploy-mode cluster on %s nobody learns how the job ends: Spark's exit code is 0 when it has failed, too; take --deploy-mode client",
                master);
        String[] all = Stream.concat(Stream.of("--"), Arrays.stream(options.split(" ")))
                .toArray(String[]::new);

        assertRefused(job("teacher", all), 1, message);
    }

    @Test
    void thatModeIsFoundWhereverItIsSet() throws Exception {
        String teacher = project.resolve("jobs/teacher.sh").toString();
        Path file = Files.writeString(
                folder.resolve("p.conf"),
                "# spark.master local\n spark.master = spark://h:7077 \r\nspark.submit.deployMode:cluster\n");
        assertThat(job("teacher", "--", "--properties-file", file.toString()).code())
                .isEqualTo(1);
        assertThat(run(List.of("MASTER=spark://h:7077", "DEPLOY_MODE=cluster"), teacher)
                        .code())
                .isEqualTo(1);
        defaults("spark.master spark://h:7077\nspark.submit.deployMode client\nspark.submit.deployMode cluster\n");
        assertThat(job("teacher").code()).isEqualTo(1);

        assertThat(words(job("teacher", "--", "--deploy-mode", "client"))).contains("--deploy-mode", "client");
        assertThat(words(run(List.of("HADOOP_CONF_DIR=" + folder), teacher, "--", "--master", "yarn")))
                .contains("yarn");
    }

    @Test
    void aCommandTakesTheOptionsOfADriver() throws Exception {
        defaults("""
                # spark.driver.memory 9g
                spark.driver.memory = 1g
                spark.driver.memory   3g\s
                spark.driver.extraJavaOptions  -Da=b -Dc="d  e" '-Df=g h'
                """);

        assertThat(words(job("report"))).startsWith("-Xmx3g", "-Da=b", "-Dc=d  e", "-Df=g h", "-cp");
        assertThat(words(job("list"))).startsWith("-Xmx3g", "-XX:TieredStopAtLevel=1", "-Da=b");
    }

    /** In cron's environment, with Java and Spark themselves. */
    @Test
    void namesOfAnyCharactersReachTheDataSet() throws Exception {
        SparkHome home = SparkHome.withClassPathOfTests(folder.resolve("conf"));
        Path image = folder.resolve("image.png");
        ImageIO.write(new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB), "png", image.toFile());
        // Names as bytes: this process may have any locale.
        String script = """
                class=$'\\xe4\\xb8\\xad\\xe6\\x96\\x87'; in=$0/$'\\xc3\\xa9t\\xc3\\xa9 $#'; out=$0/$'\\xe6\\x95\\xb0\\xe6\\x8d\\xae'
                for split in train test; do for c in cat "$class"; do
                  mkdir -p "$in/$split/$c"; cp "$0/image.png" "$in/$split/$c/se"$'\\xc3\\xb1'al.png
                done; done
                "$0/my project/jobs/prepare.sh" --set prepare.source=image-folder --set "prepare.input=$in" --set prepare.image-size=16 --out "$out" && cat "$out/manifest.json"
                "$0/my project/jobs/prepare.sh" --set prepare.source=generated --out "$0/"$'caf\\xe9'
                echo "code $?"
                """;

        Ran ran = run(
                List.of(
                        "LC_ALL=C",
                        "JAVA_HOME=" + System.getProperty("java.home"),
                        "SPARK_HOME=" + home.home(),
                        "SPARK_CONF_DIR=" + home.conf(),
                        "JAVA_TOOL_OPTIONS=" + String.join(" ", TestJvm.SHORT_LIVED)),
                "bash",
                "-c",
                script,
                folder.toString());

        assertThat(ran.out())
                .as(ran.text())
                .contains("prepare done: 2 training and 2 test images of 2 classes")
                .contains("\"cat\"")
                .contains("\"\u4e2d\u6587\"")
                .endsWith("code 2\n");
        assertThat(ran.err()).contains("/caf\uFFFD': it holds bytes that are not UTF-8\n");
    }

    @Test
    void aMasterThatIsNotThereIsNamed() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        SparkHome home = SparkHome.withClassPathOfTests(folder.resolve("conf"));
        SparkHome.emptyJar(folder.resolve("empty.jar"));

        Ran ran = home.run(List.of(
                "spark-submit",
                "--master",
                "spark://127.0.0.1:" + port,
                "--conf",
                String.format(
                        Locale.ROOT,
                        "spark.driver.extraJavaOptions=-Djava.io.tmpdir=%s -Dlog4j2.configurationFile=%s",
                        folder,
                        Path.of("conf/log4j2.properties").toUri()),
                "--class",
                "org.sftn.job.Main",
                folder.resolve("empty.jar").toString(),
                "prepare",
                "--set=prepare.source=generated",
                "--out=" + folder.resolve("out")));

        assertThat(ran.code()).as(ran.text()).isEqualTo(3);
        assertThat(ran.err())
                .containsPattern(String.format(
                        Locale.ROOT,
                        "error: prepare failed: the master spark://127.0.0.1:%1$s cannot be reached: 127.0.0.1:%1$s: Connection refused.* \\(stack trace in \\Q%2$s\\E/sftn-\\d+.log\\)\n",
                        port,
                        folder))
                .doesNotContain("\tat ");
        assertThat(ran.out()).isEmpty();
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void theScriptsAreCleanForShellcheck() throws Exception {
        boolean there;
        try {
            there = Ran.of(List.of("shellcheck", "--version"), Map.of()).code() == 0;
        } catch (IOException e) {
            there = false;
        }
        assumeTrue(there, "shellcheck is not there: the scripts are not checked");
        List<String> command = new ArrayList<>(List.of("shellcheck", "-x", "-P", "SCRIPTDIR"));
        for (String scripts :
                List.of("jobs", "deploy/cron", "deploy/docker", "deploy/standalone", "src/main/spark-home/bin")) {
            try (Stream<Path> files = Files.list(Path.of(scripts))) {
                for (Path file : files.sorted().toList()) {
                    boolean sourced = file.getFileName().toString().equals("build");
                    if (sourced || Files.readString(file, UTF_8).startsWith("#!/usr/bin/env bash\n")) {
                        command.add(file.toString());
                    }
                }
            }
        }

        Ran ran = Ran.of(command, Map.of());

        assertThat(ran.code()).as(ran.text()).isZero();
    }
}
