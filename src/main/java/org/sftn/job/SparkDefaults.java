package org.sftn.job;

import java.util.Map;
import org.apache.spark.SparkConf;

/** Settings of Spark that the jobs want other than Spark has them; what a user has set stays. */
final class SparkDefaults {
    private static final Map<String, String> EVERYWHERE = Map.of(
            // A barrier stage fails when it gets fewer slots than tasks: wait for every executor.
            "spark.scheduler.minRegisteredResourcesRatio", "1.0",
            // A hung executor is given up after 10 to 12 s; its peers wait for it in the exchange until then. A long
            // native call does not delay heartbeats, a pause of the whole JVM does. All else keeps Spark's 120 s.
            "spark.executor.heartbeatInterval", "2s",
            "spark.network.timeoutInterval", "2s",
            // An executor gives up its driver after so many heartbeats: Spark's 60 would be 2 minutes.
            "spark.executor.heartbeat.maxFailures", "300",
            // A task that does not end when it is cancelled keeps its slot, and no barrier stage can start.
            "spark.task.reaper.enabled", "true",
            "spark.task.reaper.killTimeout", "60s",
            // Jobs print their own lines of progress.
            "spark.ui.showConsoleProgress", "false",
            // Spark SQL makes this folder when it looks for a table. By default it is one in the working directory.
            "spark.sql.warehouse.dir", System.getProperty("java.io.tmpdir"),
            // The JVM decodes names by the locale; containers have none as a rule. CentOS 7 has no C.UTF-8.
            "spark.executorEnv.LC_ALL", "C.UTF-8");

    private static final String SILENCE = "spark.storage.blockManagerHeartbeatTimeoutMs";

    private SparkDefaults() {}

    static void complete(SparkConf conf) {
        EVERYWHERE.forEach(conf::setIfMissing);
        String master = conf.get("spark.master");
        // A local master waits for nothing but its own JVM, which may sleep with the laptop it runs on.
        conf.setIfMissing(SILENCE, master.startsWith("local") ? "24h" : "10s");
        if (master.startsWith("local") && !master.startsWith("local-cluster")) {
            // Its tasks see the classes of this JVM. Spark would send it a copy of the job jar first: half a second.
            conf.remove("spark.jars");
        }
    }
}
