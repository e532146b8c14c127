package org.sftn.cluster;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.sftn.TestJvm;

/**
 * HDFS and YARN on loopback, in a process of their own ({@code src/test/minicluster}), and jobs that are submitted to them as a user
 * does. All processes end with this object.
 */
final class HadoopCluster implements AutoCloseable {
    private static final String JAVA = System.getProperty("java.home");
    private static final String ARCHIVE = "/apps/sftn/spark-jars.zip";
    private static final Pattern APPLICATION = Pattern.compile("Submitted application (application_\\w+)");

    private final Path folder;
    private final Process process;
    private final BufferedReader answers;
    private final Writer commands;
    private final FileSystem files;
    private final List<Process> jobs = new CopyOnWriteArrayList<>();

    private HadoopCluster(Path folder, Process process) throws IOException {
        this.folder = folder;
        this.process = process;
        this.answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        this.commands = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
        expect("started");
        Configuration conf = new Configuration();
        conf.addResource(
                new org.apache.hadoop.fs.Path(conf().resolve("core-site.xml").toUri()));
        this.files = FileSystem.newInstance(URI.create(conf.get("fs.defaultFS")), conf);
    }

    /** @param folder for all that the cluster and its jobs write on this machine */
    static HadoopCluster start(Path folder) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(JAVA, "bin", "java").toString());
        command.addAll(
                Arrays.asList(System.getProperty("minicluster.options").strip().split("\\s+")));
        command.addAll(List.of(
                "-Xmx768m",
                "-Dlog4j.configuration="
                        + Path.of("src/test/minicluster/log4j.properties").toUri(),
                "-cp",
                System.getProperty("minicluster.jars") + "/*",
                Path.of("src/test/minicluster/MiniCluster.java")
                        .toAbsolutePath()
                        .toString(),
                folder.toString()));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(Files.createDirectories(folder).toFile())
                .redirectError(log(folder).toFile());
        // For the containers.
        builder.environment().put("JAVA_HOME", JAVA);
        builder.environment().putAll(TestJvm.shortLived());
        HadoopCluster cluster = new HadoopCluster(folder, builder.start());
        cluster.putSparkArchive();
        return cluster;
    }

    private static Path log(Path folder) {
        return folder.resolve("cluster.log");
    }

    private void putSparkArchive() throws IOException, InterruptedException {
        Path zip = folder.resolve("spark-jars.zip");
        // As deploy/yarn/README.md says.
        Process jar = new ProcessBuilder(
                        Path.of(JAVA, "bin", "jar").toString(), "-c", "-M", "-0", "-f", zip.toString(), ".")
                .directory(Path.of("target/spark/jars").toFile())
                .inheritIO()
                .start();
        if (jar.waitFor() != 0) {
            throw new IOException("no archive of target/spark/jars");
        }
        files.copyFromLocalFile(true, new org.apache.hadoop.fs.Path(zip.toUri()), path(ARCHIVE));
    }

    FileSystem files() {
        return files;
    }

    static org.apache.hadoop.fs.Path path(String path) {
        return new org.apache.hadoop.fs.Path(path);
    }

    byte[] read(String path) throws IOException {
        try (var in = files.open(path(path))) {
            return in.readAllBytes();
        }
    }

    /** @param command of those that the cluster's process knows */
    void command(String command) throws IOException {
        commands.write(command + "\n");
        commands.flush();
        expect("done: " + command);
    }

    private void expect(String answer) throws IOException {
        String line = answers.readLine();
        if (!answer.equals(line)) {
            process.destroyForcibly();
            throw new IOException(String.format(
                    Locale.ROOT, "the cluster said '%s', not '%s': %s", line, answer, Files.readString(log(folder))));
        }
    }

    /** A job that was submitted; its output is a file. */
    record Job(Process process, Path output) {
        /** Waits for its end. */
        int code() throws InterruptedException {
            if (!process.waitFor(TestJvm.HANGS.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("the job has not ended: " + said());
            }
            return process.exitValue();
        }

        String said() {
            try {
                return Files.readString(output);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** With two executors of a core each. */
    Job onYarn(String name, List<String> job, String... spark) throws IOException {
        List<String> options = new ArrayList<>(List.of(
                "--master=yarn",
                "--queue=default",
                "--num-executors=2",
                "--executor-memory=512m",
                "--driver-memory=512m",
                "--conf=spark.executor.memoryOverhead=384m",
                "--conf=spark.yarn.archive=hdfs://" + ARCHIVE,
                "--conf=spark.yarn.appMasterEnv.SPARK_LOCAL_IP=127.0.0.1",
                "--conf=spark.executorEnv.SPARK_LOCAL_IP=127.0.0.1",
                // Spark now and then adds YARN's filter to a page that it is starting, and fails: "No filter named".
                "--conf=spark.ui.enabled=false"));
        options.addAll(List.of(spark));
        return submit(name, job, options, Map.of());
    }

    /** In one process. */
    Job local(String name, List<String> job, Map<String, String> environment) throws IOException {
        return submit(name, job, List.of("--master=local[2]", "--driver-memory=1g"), environment);
    }

    private Job submit(String name, List<String> job, List<String> spark, Map<String, String> environment)
            throws IOException {
        List<String> command = new ArrayList<>(List.of("jobs/submit"));
        command.addAll(job);
        command.add("--");
        command.addAll(spark);
        Path output = folder.resolve(name + ".log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().keySet().removeAll(List.of("SPARK_HOME", "SPARK_CONF_DIR", "MASTER"));
        builder.environment().put("HADOOP_CONF_DIR", conf().toString());
        builder.environment().put("JAVA_HOME", JAVA);
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        builder.environment().putAll(TestJvm.shortLived());
        builder.environment().putAll(environment);
        Job submitted = new Job(builder.start(), output);
        jobs.add(submitted.process());
        return submitted;
    }

    private Path conf() {
        return folder.resolve("conf");
    }

    /**
     * The process of a YARN container of a job, of its newest attempt.
     *
     * @param mainClass of the container's JVM
     * @return empty when there is none
     */
    Optional<ProcessHandle> container(Job job, String mainClass) {
        Matcher application = APPLICATION.matcher(job.said());
        if (!application.find()) {
            return Optional.empty();
        }
        String logs = folder + "/logs/" + application.group(1) + "/";
        return ProcessHandle.allProcesses()
                .map(handle -> Map.entry(commandLine(handle), handle))
                .filter(each -> each.getKey().startsWith(JAVA + "/bin/java")
                        && each.getKey().contains(logs)
                        && each.getKey().contains(" " + mainClass + " "))
                .max(Comparator.comparing(
                        each -> each.getKey().substring(each.getKey().indexOf(logs))))
                .map(Map.Entry::getValue);
    }

    private static String commandLine(ProcessHandle handle) {
        try {
            return Files.readString(Path.of("/proc", String.valueOf(handle.pid()), "cmdline"))
                    .replace('\0', ' ');
        } catch (IOException e) {
            // It has ended.
            return "";
        }
    }

    /** Waits until a run has so many checkpoints, or is done. */
    void awaitCheckpoints(Job job, String run, int count) throws IOException, InterruptedException {
        while (checkpoints(run).count() < count) {
            if (!job.process().isAlive()) {
                if (job.code() == 0) {
                    return;
                }
                throw new IllegalStateException("the job has ended before: " + job.said());
            }
            Thread.sleep(20);
        }
    }

    /** Waits until the name node, which is in safe mode, has refused so many calls that would have changed a run's checkpoints. */
    void awaitRefusals(Job job, String run, int count) throws IOException, InterruptedException {
        while (refusals(run) < count) {
            if (!job.process().isAlive()) {
                throw new IllegalStateException("the job has ended before: " + job.said());
            }
            Thread.sleep(100);
        }
    }

    private long refusals(String run) throws IOException {
        try (Stream<String> lines = Files.lines(log(folder))) {
            return lines.filter(line -> line.contains("SafeModeException") && line.contains(run + "/checkpoints/"))
                    .count();
        }
    }

    /** The names of the files that make a run's checkpoints count. */
    Stream<String> checkpoints(String run) throws IOException {
        org.apache.hadoop.fs.Path checkpoints = path(run + "/checkpoints");
        return files.exists(checkpoints)
                ? Stream.of(files.listStatus(checkpoints))
                        .filter(FileStatus::isFile)
                        .map(file -> file.getPath().getName())
                        .filter(name -> name.endsWith(".json"))
                : Stream.empty();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        for (Process job : jobs) {
            job.descendants().forEach(ProcessHandle::destroyForcibly);
            job.destroyForcibly();
        }
        files.close();
        // Its stdin ends, and so does it.
        commands.close();
        if (!process.waitFor(1, TimeUnit.MINUTES)) {
            process.destroyForcibly();
        }
    }
}
