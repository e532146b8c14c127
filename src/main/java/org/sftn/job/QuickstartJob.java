package org.sftn.job;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.Settings;
import org.sftn.job.run.RunDescription;
import org.sftn.job.run.RunFolder;
import org.sftn.job.run.RunResult;
import org.sftn.study.StudyPlan;
import picocli.CommandLine.Command;

/**
 * Both stages of arXiv 2102.07650 on generated images: a study of a student-friendly teacher beside a standard one and the student
 * alone.
 *
 * <p>Input: none; {@code conf/quickstart.conf}, which is in the jar.
 *
 * <p>Output: {@code data/} as of the prepare job, {@code study/} as of the study job, {@code run.json}, {@code result.json}.
 *
 * <p>Example: {@code jobs/quickstart.sh}
 */
@Command(description = "Generate images, train two teachers and three students, print a table.")
final class QuickstartJob implements Job {
    private static final String DATA = "data";
    private static final String STUDY = "study";

    private final StudyJob study = new StudyJob();

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
        return study.replicas(settings);
    }

    @Override
    public JobPlan plan(Session session) throws IOException {
        StudyPlan plan = StudyPlan.of(session.settings());
        RunDescription run = RunDescription.of(
                "quickstart", session.settings().effective(), key -> !key.startsWith("evaluate."), null, null);
        RunFolder folder =
                RunFolder.check(session.out(), run, List.of(DATA, STUDY), session.existing(), session.hadoop());
        List<String> lines = List.of(
                "Data      generated, in " + new Path(session.out(), DATA),
                "Teachers  " + plan.teachers().size(),
                "Students  " + plan.students().size(),
                "Output    models, metrics and report.html in " + new Path(session.out(), STUDY));
        return new JobPlan(lines, () -> run(session, folder));
    }

    /** What is done is not repeated, so this serves --resume too. */
    private String run(Session session, RunFolder folder) throws Exception {
        session.interruption().advise("continue with --resume; what is done lies in " + session.out());
        String table = folder.record(
                session.application(),
                lock -> {
                    Map<String, String> values = Map.of("data.path", new Path(session.out(), DATA).toString());
                    new PrepareJob()
                            .plan(session.part(DATA, values, session.progress()))
                            .work()
                            .run();
                    return study.plan(session.part(STUDY, values, session.progress()))
                            .work()
                            .run();
                },
                said -> RunResult.done(folder.run()));
        return String.join(
                "\n",
                table,
                "A few minutes of training on generated images: a trial of the installation, not a result.",
                "Expect no gain from student-friendly teachers here; docs/studies/README.md says where they pay.",
                "quickstart done: report.html, models and metrics are in " + new Path(session.out(), STUDY));
    }
}
