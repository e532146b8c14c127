package org.sftn.job;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.SparkConf;
import org.sftn.conf.Settings;
import org.sftn.engine.Engines;
import org.sftn.job.run.BuildVersion;

/** What a support ticket needs to know, at the start of every log. */
final class Banner {
    private Banner() {}

    static List<String> lines(String name, Job job, Session session) {
        Settings settings = session.settings();
        SparkConf conf = session.spark().sc().getConf();
        List<String> lines = new ArrayList<>();
        lines.add("SFTN on Spark " + BuildVersion.current() + ", job " + name);
        lines.add(String.format(
                Locale.ROOT,
                "Java     %s (%s)",
                System.getProperty("java.version"),
                System.getProperty("java.vendor")));
        lines.add(String.format(
                Locale.ROOT,
                "Spark    %s, master %s, executors %d, %s",
                session.spark().version(),
                conf.get("spark.master"),
                settings.training().executors(),
                session.spark().sc().applicationId()));
        if (job.usesEngine()) {
            lines.add("Engine   "
                    + Engines.create(settings.engine(), conf.getInt("spark.task.cpus", 1))
                            .description());
        }
        lines.add("Host     " + Host.current());
        lines.add("Seed     " + settings.seed());
        lines.add("Output   " + session.out());
        settings.changed().forEach((key, value) -> lines.add("Setting  " + key + " = " + value));
        return lines;
    }
}
