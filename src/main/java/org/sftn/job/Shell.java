package org.sftn.job;

import com.typesafe.config.Config;
import java.io.File;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.Utils;
import org.sftn.conf.ConfigFile;
import org.sftn.conf.LocalFolder;
import org.sftn.conf.Redaction;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a job, or a command that is none: settings, Spark, banner, exit code. */
final class Shell {
    static final int DONE = 0;
    static final int USAGE = 1;
    static final int USER_MISTAKE = 2;
    static final int FAILURE = 3;

    private static final Logger LOG = LoggerFactory.getLogger(Shell.class);

    // Bytes. What a run needs depends on its data; with less than this a disk is full.
    private static final int LEAST_ROOM = 1 << 20;

    private static final Pattern LOCAL_CORES = Pattern.compile("local\\[(\\d+|\\*)(?:,.*)?]");

    private final PrintStream out;
    private final PrintStream err;
    private final Consumer<String> errors;

    /**
     * @param err takes lines of progress
     * @param errors takes the line that says why a job has failed
     */
    Shell(PrintStream out, PrintStream err, Consumer<String> errors) {
        this.out = out;
        this.err = err;
        this.errors = errors;
    }

    /** @return the exit code */
    int run(String name, Job job, Options options) {
        try (Interruption interruption = Interruption.watch()) {
            return exitCode(name, interruption, () -> {
                SparkConf conf = conf(name);
                Configuration hadoop = SparkHadoopUtil.get().newConfiguration(conf);
                Settings settings = settings(job, options, hadoop);
                String folder =
                        options.out != null ? options.out : job.defaultOut().orElse("");
                Path output = Session.qualified("--out", folder, hadoop);
                shareLocalCores(conf, job.replicas(settings));
                requireLocalFolders(conf);
                try (SparkSession spark = SparkSession.builder().config(conf).getOrCreate()) {
                    Session session = new Session(spark, settings, output, options.existing(), interruption, err);
                    Banner.lines(name, job, session).forEach(LOG::info);
                    Plan plan = job.plan(session);
                    if (options.dryRun) {
                        plan.lines().forEach(out::println);
                        out.println(name + ": everything checked, nothing done (--dry-run)");
                    } else {
                        plan.lines().forEach(LOG::info);
                        out.println(plan.work().run());
                    }
                }
            });
        }
    }

    /**
     * Work without settings and Spark.
     *
     * @param work returns what to print
     * @return the exit code
     */
    int run(String name, Callable<String> work) {
        try (Interruption interruption = Interruption.watch()) {
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
            Optional<String> mistake = mistake(e);
            if (mistake.isPresent()) {
                errors.accept(mistake.get());
                return USER_MISTAKE;
            }
            if (interruption.happened()) {
                // Spark's own end on a signal makes whatever runs fail; the interruption has said what matters.
                return FAILURE;
            }
            LOG.error("{} failed", name, e);
            // Of our own exceptions the message says all. Spark's messages hold whole stack traces.
            boolean own = e.getClass().getPackageName().startsWith("org.sftn.");
            String firstLine = Redaction.of(own ? e.getMessage() : e.toString())
                    .lines()
                    .findFirst()
                    .orElse("");
            errors.accept("%s failed: %s (stack trace in the log)".formatted(name, firstLine));
            return FAILURE;
        } finally {
            out.flush();
            err.flush();
        }
    }

    /** What the user can mend. When an executor finds it, such as a damaged shard, it comes wrapped in Spark's exceptions. */
    private static Optional<String> mistake(Throwable thrown) {
        for (Throwable e = thrown; e != null; e = e.getCause()) {
            if (e instanceof UserException) {
                return Optional.of(e.getMessage());
            }
            if (e instanceof ChecksumException) {
                return Optional.of("a file is damaged: " + e.getMessage());
            }
            if (e instanceof AccessControlException) {
                // HDFS adds the stack trace of its server.
                return e.getMessage().lines().findFirst();
            }
        }
        return Optional.empty();
    }

    private static SparkConf conf(String name) {
        SparkConf conf = new SparkConf().setAppName("sftn " + name);
        conf.setIfMissing("spark.master", "local[*]");
        // A cluster's default may be Kryo, whose version in Spark 2.4 cannot make records.
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

    /** Where Spark shuffles and spills on this machine. It would end the process if it could use none. */
    private static void requireLocalFolders(SparkConf conf) {
        for (String folder : Utils.getConfiguredLocalDirs(conf)) {
            LocalFolder.refusal(new File(folder).toPath(), new byte[LEAST_ROOM], file -> Optional.empty())
                    .ifPresent(reason -> {
                        throw new UserException(String.format(
                                Locale.ROOT,
                                "Spark cannot use its local folder %s: %s; set spark.local.dir, or the variable SPARK_LOCAL_DIRS, which comes first, to a folder with room",
                                folder,
                                reason));
                    });
        }
    }

    private static Settings settings(Job job, Options options, Configuration hadoop) {
        List<Config> layers = new ArrayList<>();
        layers.add(Settings.assignments(options.set, "--set"));
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
        return local.exists() ? new Path(local.toURI()) : Session.qualified("--config", path, hadoop);
    }
}
