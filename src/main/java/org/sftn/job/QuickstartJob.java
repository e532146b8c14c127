package org.sftn.job;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.Settings;
import org.sftn.train.OutputFolder;
import picocli.CommandLine.Command;

/**
 * Both stages of arXiv 2102.07650 on generated images, beside a standard teacher and the student alone.
 *
 * <p>Input: none; {@code conf/quickstart.conf}, which is in the jar.
 *
 * <p>Output: a folder a step with what the step's job writes, {@code run.json}, {@code result.json}; a table.
 *
 * <p>Example: {@code jobs/quickstart.sh}
 */
@Command(description = "Generate images, train two teachers and three students, print a table.")
final class QuickstartJob implements Job {
    private static final String DATA = "data";
    private static final String STANDARD_TEACHER = "standard-teacher";
    private static final String FRIENDLY_TEACHER = "student-friendly-teacher";
    private static final String ALONE = "student-alone";
    private static final String OF_STANDARD = "student-of-standard-teacher";
    private static final String OF_FRIENDLY = "student-of-student-friendly-teacher";
    private static final List<String> STEPS =
            List.of(DATA, STANDARD_TEACHER, FRIENDLY_TEACHER, ALONE, OF_STANDARD, OF_FRIENDLY);

    @Override
    public Optional<String> defaultOut() {
        return Optional.of("quickstart");
    }

    @Override
    public Optional<Config> settings() {
        ConfigParseOptions options =
                ConfigParseOptions.defaults().setAllowMissing(false).setOriginDescription("quickstart.conf");
        return Optional.of(ConfigFactory.parseURL(QuickstartJob.class.getResource("quickstart.conf"), options));
    }

    @Override
    public int replicas(Settings settings) {
        return settings.training().executors();
    }

    @Override
    public Plan plan(Session session) throws IOException {
        RunDescription run = RunDescription.of(
                "quickstart", session.settings().effective(), key -> !key.startsWith("evaluate."), null, null);
        RunFolder folder = RunFolder.check(session.out(), run, Set.copyOf(STEPS), session.existing(), session.hadoop());
        List<String> lines =
                List.of("Steps    " + String.join(", ", STEPS), "Output   a folder a step in " + session.out());
        return new Plan(lines, () -> run(session, folder));
    }

    /** Steps that are done are not repeated, so this serves --resume too. */
    private static String run(Session session, RunFolder folder) throws Exception {
        session.interruption().advise("continue with --resume; what is done lies in " + session.out());
        if (folder.finished() == null) {
            folder.clear();
        }
        Settings settings = session.settings();
        String method = settings.distill().method();
        announce(session, DATA);
        new PrepareJob().plan(at(session, DATA, Map.of())).work().run();
        RunResult standard = teacher(session, STANDARD_TEACHER, "");
        RunResult friendly =
                teacher(session, FRIENDLY_TEACHER, settings.distill().student());
        RunResult alone = student(session, ALONE, "none", "");
        RunResult ofStandard = student(session, OF_STANDARD, method, STANDARD_TEACHER);
        RunResult ofFriendly = student(session, OF_FRIENDLY, method, FRIENDLY_TEACHER);
        if (folder.finished() == null) {
            folder.record(
                    session.application(),
                    lock -> RunResult.done(
                            folder.run(),
                            ofFriendly.top1(),
                            ofFriendly.top5(),
                            ofFriendly.loss(),
                            ofFriendly.epochs(),
                            ofFriendly.imagesPerSecond(),
                            ofFriendly.model(),
                            ofFriendly.computedBy()));
        }
        String row = "%-38s %9s %9s %6s%n";
        StringBuilder table = new StringBuilder(
                String.format(Locale.ROOT, row, "top-1 on the test images, in %", "teacher", "student", "gain"));
        table.append(String.format(Locale.ROOT, row, settings.distill().student() + " alone", "", percent(alone), ""));
        table.append(String.format(
                Locale.ROOT,
                row,
                method + " from " + settings.teacher().network(),
                percent(standard),
                percent(ofStandard),
                gain(ofStandard, alone)));
        table.append(String.format(
                Locale.ROOT,
                row,
                method + " from student-friendly " + settings.teacher().network(),
                percent(friendly),
                percent(ofFriendly),
                gain(ofFriendly, alone)));
        return table
                + "A few minutes of training on generated images: a trial of the installation, not a result.\n"
                + "quickstart done: models and metrics of every step are in " + session.out();
    }

    private static RunResult teacher(Session session, String step, String student) throws Exception {
        announce(session, step);
        return TeacherJob.check(at(session, step, Map.of("teacher.student", student)))
                .run();
    }

    private static RunResult student(Session session, String step, String method, String teacher) throws Exception {
        announce(session, step);
        String model = teacher.isEmpty()
                ? ""
                : new OutputFolder(new Path(session.out(), teacher)).model().toString();
        return DistillJob.check(at(session, step, Map.of("distill.method", method, "distill.teacher", model)))
                .run();
    }

    private static void announce(Session session, String step) {
        session.progress()
                .println(String.format(Locale.ROOT, "step %d of %d: %s", STEPS.indexOf(step) + 1, STEPS.size(), step));
    }

    private static Session at(Session session, String step, Map<String, String> values) {
        Map<String, String> all = new HashMap<>(values);
        all.put("data.path", new Path(session.out(), DATA).toString());
        return session.part(step, all, session.progress());
    }

    private static String percent(RunResult result) {
        return String.format(Locale.ROOT, "%.2f", 100 * result.top1());
    }

    private static String gain(RunResult result, RunResult alone) {
        return String.format(Locale.ROOT, "%+.2f", 100 * (result.top1() - alone.top1()));
    }
}
