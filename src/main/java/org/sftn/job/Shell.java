package org.sftn.job;

import com.typesafe.config.Config;
import java.io.File;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.sftn.conf.Cause;
import org.sftn.conf.ConfigFile;
import org.sftn.conf.HadoopPath;
import org.sftn.conf.Settings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a job, or a command that is none: settings, Spark, banner, exit code. */
final class Shell {
    static final int DONE = 0;
    static final int USAGE = 1;
    static final int USER_MISTAKE = 2;
    static final int FAILURE = 3;

    private static final Logger LOG = LoggerFactory.getLogger(Shell.class);

    private static final Pattern LOCAL_CORES = Pattern.compile("local\\[(\\d+|\\*)(?:,.*)?]");

    private final PrintStream out;
    private final PrintStream err;
    private final Traces traces;
    private final Consumer<String> errors;

    /**
     * @param err takes lines of progress
     * @param traces takes what only the log is to have
     * @param errors takes the line that says why a job has failed
     */
    Shell(PrintStream out, PrintStream err, Traces traces, Consumer<String> errors) {
        this.out = out;
        this.err = err;
        this.traces = traces;
        this.errors = errors;
    }

    /** @return the exit code */
    int run(String name, Job job, Options options) {
        try (Interruption interruption = Interruption.watch(traces)) {
            return exitCode(name, interruption, () -> {
                SparkConf conf = conf(name);
                Configuration hadoop = SparkHadoopUtil.get().newConfiguration(conf);
                Settings settings = settings(job, options, hadoop);
                String folder =
                        options.out != null ? options.out : job.defaultOut().orElse("");
                Path output = HadoopPath.of("--out", folder, hadoop);
                shareLocalCores(conf, job.replicas(settings));
                if (options.dryRun) {
                    // Nobody can look at it in time.
                    conf.setIfMissing("spark.ui.enabled", "false");
                }
                LocalFolders.requireOne(conf);
                try (JavaSparkContext spark = start(conf, hadoop)) {
                    run(
                            name,
                            job,
                            options.dryRun,
                            new Session(spark, settings, output, options.existing(), interruption, err));
                }
            });
        }
    }

    private JavaSparkContext start(SparkConf conf, Configuration hadoop) throws Exception {
        Master.requireThere(conf.get("spark.master"), hadoop);
        try {
            JavaSparkContext spark = new JavaSparkContext(conf);
            traces.sparkHasStarted();
            return spark;
        } catch (Exception e) {
            throw Master.missing(conf.get("spark.master"), e);
        }
    }

    private void run(String name, Job job, boolean dryRun, Session session) throws Exception {
        try {
            Banner.lines(name, job, session).forEach(LOG::info);
            JobPlan plan = job.plan(session);
            if (dryRun) {
                plan.lines().forEach(out::println);
                plan.rehearsal().run();
                out.println(name + ": everything checked, nothing done (--dry-run)");
            } else {
                plan.lines().forEach(LOG::info);
                out.println(plan.work().run());
            }
        } catch (Exception e) {
            SparkContext spark = session.spark().sc();
            throw spark.isStopped() ? Master.lost(spark.master(), e) : e;
        }
    }

    /**
     * Work without settings and Spark.
     *
     * @param work returns what to print
     * @return the exit code
     */
    int run(String name, Callable<String> work) {
        try (Interruption interruption = Interruption.watch(traces)) {
            return exitCode(name, interruption, () -> out.println(work.call()));
        }
    }

    /** Work that may fail. */
    @FunctionalInterface
    private interface Step {
        void run() throws Exception;
    }

    private int exitCode(String name, Interruption interruption, Step step) {
        try {
            step.run();
            return DONE;
        } catch (Throwable e) {
            Optional<String> mistake = Mistake.of(e);
            if (mistake.isPresent()) {
                errors.accept(mistake.get());
                return USER_MISTAKE;
            }
            if (interruption.happened()) {
                // The interruption has said what matters.
                return FAILURE;
            }
            String what = name + " failed";
            errors.accept(what + ": " + Cause.of(e) + " (" + traces.keep(what, e) + ")");
            return FAILURE;
        } finally {
            out.flush();
            err.flush();
        }
    }

    private static SparkConf conf(String name) {
        SparkConf conf = new SparkConf().setAppName("sftn " + name);
        conf.setIfMissing("spark.master", "local[*]");
        SparkDefaults.complete(conf);
        // A cluster's default may be Kryo, whose version in Spark cannot make records.
        conf.set("spark.serializer", "org.apache.spark.serializer.JavaSerializer");
        return conf;
    }

    /** On a cluster spark.task.cpus is set with the executors' cores; in one process it follows from the two numbers. */
    private static void shareLocalCores(SparkConf conf, int replicas) {
        Matcher local = LOCAL_CORES.matcher(conf.get("spark.master"));
        if (replicas > 0 && local.matches()) {
            int cores = local.group(1).equals("*")
                    ? Runtime.getRuntime().availableProcessors()
                    : Integer.parseInt(local.group(1));
            conf.setIfMissing("spark.task.cpus", String.valueOf(Math.max(1, cores / replicas)));
        }
    }

    private static Settings settings(Job job, Options options, Configuration hadoop) {
        List<Config> layers = new ArrayList<>();
        layers.add(Settings.assignments(options.set(), "--set"));
        if (options.config != null) {
            layers.add(ConfigFile.read(configFile(options.config, hadoop), hadoop));
        }
        job.settings().ifPresent(layers::add);
        return Settings.of(layers);
    }

    // A configuration lies beside the user (or beside the driver, by spark-submit --files) even where HDFS is the
    // default.
    private static Path configFile(String path, Configuration hadoop) {
        File local = new File(path);
        return local.exists() ? new Path(local.toURI()) : HadoopPath.of("--config", path, hadoop);
    }
}
