package org.sftn.job;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.HadoopPath;
import org.sftn.conf.UserException;
import org.sftn.job.run.ReportFiles;
import org.sftn.job.run.RunDescription;
import org.sftn.job.run.RunFolder;
import org.sftn.job.run.RunResult;
import org.sftn.study.MetricsTable;
import org.sftn.study.TrainedRun;
import org.sftn.study.TrainedRun.Origin;
import org.sftn.train.OutputFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Says what came of a training run or of a study, as a page and as tables.
 *
 * <p>Input: the {@code --out} of a teacher, distill or study job.
 *
 * <p>Output: {@code report.html}, {@code report.md} and {@code report.csv} in that folder or in {@code --out}.
 *
 * <p>Example: {@code jobs/report.sh runs/rq1}
 */
@Command(description = "Write the report of a training run or of a study.")
final class Report implements TextCommand {
    private static final Set<String> TRAINING_JOBS = Set.of("teacher", "distill");

    @Parameters(paramLabel = "FOLDER", description = "The --out of a teacher, distill or study job.")
    private String folder;

    @Option(names = "--out", paramLabel = "DIR", description = "Another folder for the report; it must have none.")
    private String out;

    @Override
    public String text() throws IOException {
        Configuration hadoop = new Configuration();
        Path from = HadoopPath.of("FOLDER", folder, hadoop);
        Path to = out == null ? from : HadoopPath.of("--out", out, hadoop);
        ReportFiles report = of(from, hadoop);
        RunFolder.requireWritable(to.getFileSystem(hadoop), to);
        if (!to.equals(from)) {
            requireNone(to, hadoop);
        }
        report.write(to, hadoop);
        return "the report is in " + to;
    }

    /** @throws UserException when the folder holds nothing to report, or a file that cannot be read */
    static ReportFiles of(Path from, Configuration hadoop) throws IOException {
        RunDescription run = RunFolder.description(from, hadoop)
                .orElseThrow(() -> new UserException(String.format(
                        Locale.ROOT,
                        "%s holds no run: there is no %s",
                        from,
                        new OutputFolder(from).run().getName())));
        if (run.job().equals(StudyJob.NAME)) {
            return ReportFiles.of(StudyJob.result(from, hadoop)
                    .orElseThrow(() -> new UserException(String.format(
                            Locale.ROOT, "%s has no results yet: the study must come to its end first", from))));
        }
        if (TRAINING_JOBS.contains(run.job())) {
            return ReportFiles.of(trained(from, run, hadoop));
        }
        throw new UserException(String.format(
                Locale.ROOT,
                "%s holds a run of the job '%s': there are reports of teacher, distill and study alone",
                from,
                run.job()));
    }

    /** Elsewhere than in the run's folder a file of this name may be anything. */
    private static void requireNone(Path folder, Configuration hadoop) throws IOException {
        FileSystem files = folder.getFileSystem(hadoop);
        if (files.exists(folder) && files.getFileStatus(folder).isFile()) {
            throw new UserException("--out " + folder + " cannot be used: it is a file");
        }
        for (String name : ReportFiles.NAMES) {
            Path file = new Path(folder, name);
            if (files.exists(file)) {
                throw new UserException(
                        String.format(Locale.ROOT, "%s is there already: remove it, or take another folder", file));
            }
        }
    }

    private static TrainedRun trained(Path folder, RunDescription run, Configuration hadoop) throws IOException {
        Optional<RunResult> result = RunFolder.result(folder, hadoop);
        List<Origin> provenance = new ArrayList<>();
        add(provenance, "Job", run.job());
        add(provenance, "Code version", run.codeVersion());
        add(provenance, "Data set", run.dataset());
        add(provenance, "Model that it read", run.inputModel());
        add(provenance, "Seed", run.configuration().get("seed"));
        add(provenance, "Model that it wrote", result.map(RunResult::model).orElse(null));
        return new TrainedRun(
                run.job(),
                folder.getName(),
                result.map(Report::status).orElse("not at its end"),
                provenance,
                run.configuration(),
                MetricsTable.soFar(new OutputFolder(folder).metrics(), hadoop));
    }

    private static void add(List<Origin> provenance, String name, @Nullable Object value) {
        if (value != null) {
            provenance.add(new Origin(name, value.toString()));
        }
    }

    private static String status(RunResult result) {
        return RunResult.DONE.equals(result.status())
                ? RunResult.DONE
                : String.format(Locale.ROOT, "%s: %s", result.status(), result.message());
    }
}
