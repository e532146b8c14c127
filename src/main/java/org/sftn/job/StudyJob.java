package org.sftn.job;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.Cause;
import org.sftn.conf.Settings;
import org.sftn.conf.StudySettings;
import org.sftn.conf.UserException;
import org.sftn.data.Dataset;
import org.sftn.distill.method.Methods;
import org.sftn.job.run.ReportFiles;
import org.sftn.job.run.RunDescription;
import org.sftn.job.run.RunFolder;
import org.sftn.job.run.RunResult;
import org.sftn.study.Cell;
import org.sftn.study.MetricsTable;
import org.sftn.study.Scores;
import org.sftn.study.StudentRun;
import org.sftn.study.StudyPlan;
import org.sftn.study.StudyResult;
import org.sftn.study.TeacherRun;
import org.sftn.study.report.TextReport;
import org.sftn.train.OutputFolder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;

/**
 * Trains the teachers and students of a grid, evaluates them and reports how they compare. A run that fails is reported, and the
 * others go on.
 *
 * <p>Input: a folder of the prepare job ({@code data.path}); the grid ({@code study}).
 *
 * <p>Output: {@code teachers/}, {@code students/} and {@code evaluations/} with a folder per run, {@code study.json},
 * {@code report.html}, {@code report.md}, {@code report.csv}, {@code run.json}, {@code result.json}.
 *
 * <p>Example: {@code jobs/study.sh --config conf/studies/rq1.conf --set data.path=data/cifar-100 --out runs/rq1}
 */
@Command(description = "Train and compare the students of a grid of settings.")
final class StudyJob implements Job {
    private static final Logger LOG = LoggerFactory.getLogger(StudyJob.class);
    private static final String TEACHERS = "teachers/";
    private static final String STUDENTS = "students/";
    private static final String EVALUATIONS = "evaluations/";
    private static final String RESULT = "study.json";

    /** As run.json has it. */
    static final String NAME = "study";

    /** What came of the study in a folder; empty when it has not come to its end. */
    static Optional<StudyResult> result(Path folder, Configuration hadoop) throws IOException {
        return RunFolder.ifThere(new Path(folder, RESULT), StudyResult.class, hadoop);
    }

    /** The folders of the teachers and students that a study has begun to train, in any order. */
    static List<Path> trainings(Path study, Configuration hadoop) throws IOException {
        List<Path> runs = new ArrayList<>();
        for (String trained : List.of(TEACHERS, STUDENTS)) {
            addRuns(new Path(study, trained), study.getFileSystem(hadoop), runs);
        }
        return runs;
    }

    private static void addRuns(Path folder, FileSystem files, List<Path> runs) throws IOException {
        if (files.exists(new OutputFolder(folder).run())) {
            runs.add(folder);
        } else if (files.exists(folder)) {
            for (FileStatus each : files.listStatus(folder)) {
                if (each.isDirectory()) {
                    addRuns(each.getPath(), files, runs);
                }
            }
        }
    }

    @Override
    public int replicas(Settings settings) {
        return settings.training().executors() * settings.study().concurrentRuns();
    }

    @Override
    public JobPlan plan(Session session) throws IOException {
        Settings settings = session.settings();
        Dataset data = session.dataset();
        StudyPlan plan = StudyPlan.of(settings);
        plan.networks().forEach(network -> Inputs.architecture(network, data));
        settings.study().methods().forEach(Methods::named);
        requireSameClasses(session, data, plan);
        RunDescription run = RunDescription.of(
                NAME,
                settings.effective(),
                key -> !key.startsWith("prepare.") && !key.equals("seed"),
                data.manifest().identity(),
                null);
        RunFolder folder = RunFolder.check(session.out(), run, RunFolder.STUDY, session.existing(), session.hadoop());
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "Data      %,d training and %,d test images, %s",
                data.count("train", settings.data().trainImages()),
                data.count("test", settings.data().testImages()),
                data.manifest().identity()));
        lines.add(String.format(
                Locale.ROOT,
                "Study     %d teachers, %d students, %d at the same time",
                plan.teachers().size(),
                plan.students().size(),
                settings.study().concurrentRuns()));
        plan.teachers().forEach(teacher -> lines.add("Teacher   " + teacher.name()));
        plan.students().forEach(student -> lines.add("Student   " + student.name()));
        lines.add("Output    a folder per run, study.json, report.html in " + session.out());
        return new JobPlan(lines, () -> new StudyRun(session, data, plan, folder).run());
    }

    /** Of the models from outside that teachers start from; those of the study itself know its own classes. */
    private static void requireSameClasses(Session session, Dataset data, StudyPlan plan) throws IOException {
        for (TeacherRun teacher : plan.teachers()) {
            if (teacher.startsFrom() == null) {
                Session part = session.part(TEACHERS + teacher.name(), teacher.settings(), session.progress());
                String start = part.settings().teacher().startFrom();
                part.classNames(data, Map.of(TeacherJob.START, part.model(TeacherJob.START, start)));
            }
        }
    }

    /** A study under way. Runs that are done are not repeated, so this serves --resume too. */
    private static final class StudyRun {
        private final Session session;
        private final Dataset data;
        private final StudyPlan plan;
        private final RunFolder folder;
        private final AtomicInteger started = new AtomicInteger();
        private final Set<String> versions = new ConcurrentSkipListSet<>();

        StudyRun(Session session, Dataset data, StudyPlan plan, RunFolder folder) {
            this.session = session;
            this.data = data;
            this.plan = plan;
            this.folder = folder;
        }

        String run() throws Exception {
            session.interruption().advise("continue with --resume; what is done lies in " + session.out());
            StudyResult result = folder.record(
                    session.application(),
                    lock -> {
                        List<Cell> cells = cells();
                        if (session.interruption().happened()) {
                            throw session.interruption().failure(null);
                        }
                        StudyResult found = result(cells);
                        write(found);
                        // What is refused will be refused again; what has failed may be tried again.
                        List<Cell> failed = in(cells, Cell.State.FAILED);
                        if (!failed.isEmpty()) {
                            throw new StudyFailedException(failed, cells.size());
                        }
                        return found;
                    },
                    done -> RunResult.done(folder.run()));
            List<Cell> refused = in(result.cells(), Cell.State.REFUSED);
            refused.forEach(cell -> session.progress().println("not possible: " + cell.name() + ": " + cell.message()));
            return TextReport.of(result)
                    + String.format(
                            Locale.ROOT,
                            "study done: %d students%s, in %s",
                            result.cells().size() - refused.size(),
                            refused.isEmpty() ? "" : ", " + refused.size() + " were not possible",
                            session.out());
        }

        private static List<Cell> in(List<Cell> cells, Cell.State state) {
            return cells.stream().filter(cell -> cell.state() == state).toList();
        }

        private List<Cell> cells() {
            ExecutorService pool =
                    Executors.newFixedThreadPool(session.settings().study().concurrentRuns());
            try {
                Map<String, CompletableFuture<Trained>> teachers = new LinkedHashMap<>();
                for (TeacherRun teacher : plan.teachers()) {
                    CompletableFuture<Trained> first = teacher.startsFrom() == null
                            ? CompletableFuture.completedFuture(null)
                            : teachers.get(teacher.startsFrom());
                    teachers.put(teacher.name(), first.thenApplyAsync(start -> train(teacher, start), pool));
                }
                List<CompletableFuture<Cell>> students = new ArrayList<>();
                for (StudentRun student : plan.students()) {
                    CompletableFuture<Trained> teacher = student.teacherRun() == null
                            ? CompletableFuture.completedFuture(null)
                            : teachers.get(student.teacherRun());
                    students.add(teacher.thenApplyAsync(its -> train(student, its), pool)
                            .exceptionally(why -> undone(student, why)));
                }
                return students.stream().map(CompletableFuture::join).toList();
            } finally {
                pool.shutdown();
            }
        }

        /** A teacher's run and its evaluation. */
        private record Trained(Path model, Scores scores, double coreHours) {}

        private Trained train(TeacherRun run, @Nullable Trained start) {
            Map<String, String> values = new TreeMap<>(run.settings());
            if (start != null) {
                values.put(TeacherJob.START, start.model().toString());
            }
            return carefully("its teacher " + run.name() + ": ", () -> {
                Session part = begin(TEACHERS + run.name(), values);
                TeacherJob.check(part).run();
                OutputFolder out = trained(part);
                RunResult evaluated = evaluate(TEACHERS + run.name(), out.model(), null);
                MetricsTable metrics = MetricsTable.read(out.metrics(), session.hadoop());
                return new Trained(out.model(), scores(evaluated), coreHours(metrics));
            });
        }

        private Cell train(StudentRun run, @Nullable Trained teacher) {
            Map<String, String> values = new TreeMap<>(run.settings());
            values.put("distill.teacher", teacher == null ? "" : teacher.model().toString());
            return carefully("", () -> {
                Session part = begin(STUDENTS + run.name(), values);
                DistillJob.check(part).run();
                OutputFolder out = trained(part);
                RunResult evaluated =
                        evaluate(STUDENTS + run.name(), out.model(), teacher == null ? null : teacher.model());
                MetricsTable metrics = MetricsTable.read(out.metrics(), session.hadoop());
                return Cell.done(
                        run,
                        scores(evaluated),
                        teacher == null ? null : teacher.scores(),
                        evaluated.similarity(),
                        metrics.curve(),
                        coreHours(metrics),
                        teacher == null ? 0 : teacher.coreHours());
            });
        }

        /** A run may have been trained by an earlier version than this one. */
        private OutputFolder trained(Session part) throws IOException {
            RunResult result = RunFolder.result(part.out(), session.hadoop()).orElseThrow();
            versions.add(result.codeVersion());
            return new OutputFolder(part.out());
        }

        private Session begin(String name, Map<String, String> values) throws IOException {
            if (session.interruption().happened()) {
                throw session.interruption().failure(null);
            }
            int number = started.incrementAndGet();
            session.progress()
                    .println(String.format(
                            Locale.ROOT,
                            "run %d of %d: %s",
                            number,
                            plan.teachers().size() + plan.students().size(),
                            name));
            return session.part(name, values, progress(name));
        }

        /** Says whose the lines are where runs mix. */
        private PrintStream progress(String name) {
            return session.settings().study().concurrentRuns() == 1
                    ? session.progress()
                    : new PrintStream(new Prefixed(name + ": ", session.progress()), true, StandardCharsets.UTF_8);
        }

        private RunResult evaluate(String name, Path model, @Nullable Path teacher) throws Exception {
            Session part = session.part(
                    EVALUATIONS + name,
                    Map.of(
                            "evaluate.model",
                            model.toString(),
                            "evaluate.teacher",
                            teacher == null ? "" : teacher.toString()),
                    progress(name));
            new EvaluateJob().plan(part).work().run();
            return RunFolder.result(part.out(), session.hadoop()).orElseThrow();
        }

        private static Scores scores(RunResult evaluated) {
            return new Scores(
                    Objects.requireNonNull(evaluated.top1()),
                    Objects.requireNonNull(evaluated.top5()),
                    Objects.requireNonNull(evaluated.loss()),
                    Objects.requireNonNull(evaluated.calibrationError()));
        }

        private double coreHours(MetricsTable metrics) {
            int executors = session.settings().training().executors();
            int cores = session.spark().sc().conf().getInt("spark.task.cpus", 1);
            return metrics.seconds() * executors * cores / Duration.ofHours(1).toSeconds();
        }

        private Cell undone(StudentRun run, Throwable thrown) {
            Throwable cause = thrown.getCause();
            if (cause instanceof UserException mistake) {
                return undone(run, Cell.State.REFUSED, mistake.getMessage());
            }
            LOG.error("{} failed: {}", run.name(), thrown.getMessage(), thrown);
            return undone(run, Cell.State.FAILED, thrown.getMessage());
        }

        private static Cell undone(StudentRun run, Cell.State state, String why) {
            return Cell.undone(run, state, why.lines().findFirst().orElse(""));
        }

        private StudyResult result(List<Cell> cells) {
            StudySettings study = session.settings().study();
            return new StudyResult(
                    study.title(),
                    study.question(),
                    List.copyOf(versions),
                    data.manifest().identity(),
                    data.count("train", session.settings().data().trainImages()),
                    data.count("test", session.settings().data().testImages()),
                    StudyPlan.kinds(study),
                    cells,
                    session.settings().changed());
        }

        private void write(StudyResult result) throws IOException {
            folder.replace(RESULT, result);
            ReportFiles.of(result).write(session.out(), session.hadoop());
        }

        @FunctionalInterface
        private interface Step<T> {
            T run() throws Exception;
        }

        /** @param of begins the message of what is thrown; may be empty */
        private static <T> T carefully(String of, Step<T> step) {
            try {
                return step.run();
            } catch (UserException e) {
                throw new CompletionException(new UserException(of + e.getMessage(), e));
            } catch (Exception e) {
                throw new CompletionException(of + Mistake.of(e).orElseGet(() -> Cause.of(e)), e);
            }
        }
    }
}
