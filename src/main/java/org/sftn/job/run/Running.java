package org.sftn.job.run;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.sftn.train.progress.TrainingProgress;

/**
 * What {@code running.json} says while a run works: who it is, and how far. It is renewed every few seconds.
 *
 * @param token unique among all runs
 * @param application Spark's id of it
 * @param process the id of the driver's process
 * @param processStarted tells it from a later process of the same id
 * @param processes the system's list of processes that the id belongs to: a container has one of its own
 * @param started when the run was started, or continued; as ISO-8601 in UTC
 * @param renewed when this was written, likewise
 * @param renewals counts them
 * @param progress null when nothing is trained yet
 */
public record Running(
        String token,
        String job,
        String application,
        String host,
        long process,
        String processStarted,
        String processes,
        String started,
        String renewed,
        long renewals,
        @Nullable TrainingProgress progress) {
    /** @throws IllegalArgumentException when the process is not said, which decides whether the run is alive */
    public Running {
        if (job == null || host == null || processStarted == null || processes == null) {
            throw new IllegalArgumentException("a run that works needs job, host and process");
        }
    }

    /** This process. */
    public static Running now(String job, String application) {
        ProcessHandle own = ProcessHandle.current();
        String now = time();
        return new Running(
                UUID.randomUUID().toString(),
                job,
                application,
                hostName(),
                own.pid(),
                start(own),
                processList(),
                now,
                now,
                0,
                null);
    }

    public Running renewedWith(@Nullable TrainingProgress latest) {
        return new Running(
                token,
                job,
                application,
                host,
                process,
                processStarted,
                processes,
                started,
                time(),
                renewals + 1,
                latest);
    }

    /** True when it ran on this machine and is no more; of other machines nothing is known. */
    public boolean hasEnded() {
        return host.equals(hostName())
                && processes.equals(processList())
                && ProcessHandle.of(process)
                        .filter(there -> start(there).equals(processStarted))
                        .isEmpty();
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT, "%s since %s, host %s, process %d, %s", job, started, host, process, application);
    }

    private static String time() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static String start(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toString).orElse("");
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }

    private static String processList() {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString();
        } catch (IOException | UnsupportedOperationException e) {
            return "";
        }
    }
}
