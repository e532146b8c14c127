package org.sftn.job;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.sftn.job.run.BuildVersion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The entry point: {@code Main JOB [options]}; each {@link TextCommand} is a command that is no job. */
public final class Main {
    /** All jobs by name. */
    private static final SortedMap<String, Job> JOBS = Collections.unmodifiableSortedMap(new TreeMap<>(Map.of(
            "prepare", new PrepareJob(),
            "teacher", new TeacherJob(),
            "distill", new DistillJob(),
            "evaluate", new EvaluateJob(),
            "predict", new PredictJob(),
            "quickstart", new QuickstartJob(),
            "study", new StudyJob())));

    @Command(
            name = "sftn",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            header = "Student-friendly teachers and knowledge distillation on Spark.",
            footerHeading = "%nExit codes:%n",
            footer = {
                "  0 done",
                "  1 wrong usage",
                "  2 a mistake in settings, data or paths",
                "  3 a failure of the program or the cluster",
                "  129, 130, 143 stopped by a signal; others are not the job's, such as 137 after kill -9"
            })
    private static final class Root {}

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"SFTN on Spark " + BuildVersion.current()};
        }
    }

    private Main() {}

    public static void main(String[] args) {
        if (YarnDriver.isHere()) {
            YarnDriver.run(args);
        } else {
            System.exit(inOwnProcess(args));
        }
    }

    private static int inOwnProcess(String... args) {
        if (isInContainer()) {
            return run(System.out, System.err, args);
        }
        try (ConsoleLog console = ConsoleLog.install()) {
            return run(System.out, System.err, console, error -> print(System.err, error), args);
        }
    }

    /** Where stderr is all that is left of a process, in deploy mode cluster or in a pod. */
    private static boolean isInContainer() {
        return "cluster".equals(System.getProperty("spark.submit.deployMode"))
                || Boolean.getBoolean("spark.kubernetes.submitInDriver");
    }

    private static void print(PrintStream err, String error) {
        err.println("error: " + error);
    }

    /** @return the exit code, as the help lists them */
    static int run(PrintStream out, PrintStream err, String... args) {
        return run(out, err, Traces.inTheLog(), error -> print(err, error), args);
    }

    /**
     * @param traces takes what only the log is to have
     * @param errors takes the line that says why the job has failed
     * @return the exit code, as the help lists them
     */
    static int run(PrintStream out, PrintStream err, Traces traces, Consumer<String> errors, String... args) {
        Options options = new Options();
        CommandLine root = new CommandLine(new Root());
        JOBS.forEach((name, job) -> root.addSubcommand(name, new CommandLine(job).addMixin("options", options)));
        root.addSubcommand("bench", new Bench());
        root.addSubcommand("export", new Export());
        root.addSubcommand("import", new Import());
        root.addSubcommand("list", new Listing());
        root.addSubcommand("report", new Report());
        root.addSubcommand("status", new Status());
        root.getSubcommands()
                .values()
                .forEach(command ->
                        command.getCommandSpec().mixinStandardHelpOptions(true).versionProvider(new Version()));
        // A value that begins with @ is no file of options.
        root.setExpandAtFiles(false);
        root.setOut(new PrintWriter(out, true, UTF_8)).setErr(new PrintWriter(err, true, UTF_8));
        root.setExecutionStrategy(parsed -> {
            Integer help = CommandLine.executeHelpRequest(parsed);
            if (help != null) {
                return help;
            }
            if (!parsed.hasSubcommand()) {
                root.usage(err);
                return Shell.USAGE;
            }
            CommandSpec command = parsed.subcommand().commandSpec();
            if (command.userObject() instanceof TextCommand inquiry) {
                return new Shell(out, err, traces, errors).run(command.name(), inquiry::text);
            }
            Job job = (Job) command.userObject();
            if (options.out == null && job.defaultOut().isEmpty()) {
                throw new ParameterException(command.commandLine(), "--out DIR is missing");
            }
            return new Shell(out, err, traces, errors).run(command.name(), job, options);
        });
        root.setParameterExceptionHandler((e, arguments) -> {
            boolean unknownJob = e.getCommandLine() == root && e instanceof UnmatchedArgumentException;
            errors.accept(
                    unknownJob
                            ? "there is no job '" + arguments[0] + "'"
                            : e.getMessage().replaceFirst("^Error: ", ""));
            e.getCommandLine().usage(err);
            return Shell.USAGE;
        });
        return root.execute(args);
    }
}
