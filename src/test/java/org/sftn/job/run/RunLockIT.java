package org.sftn.job.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.security.PrivilegedExceptionAction;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.security.UserGroupInformation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.sftn.S3Server;
import org.sftn.conf.UserException;

/** The lock of a run on S3, where a request takes 25 ms, in its usual timing. */
@Execution(ExecutionMode.CONCURRENT)
class RunLockIT {
    private static final int LATENCY = 25;

    @TempDir
    private Path folder;

    private final Host one = new Host("one");
    private final Host other = new Host("other");
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private S3Server server;
    private Configuration hadoop;

    @BeforeEach
    void start() throws Exception {
        server = S3Server.start(folder, LATENCY);
        hadoop = server.configuration();
        for (Host host : List.of(one, other)) {
            host.acquire("warm").close();
        }
    }

    @AfterEach
    void stop() throws Exception {
        threads.shutdownNow();
        for (Host host : List.of(one, other)) {
            FileSystem.closeAllForUGI(host.user);
        }
        server.close();
    }

    /** Whose processes nobody sees, with a connection of its own to S3. */
    private final class Host {
        private final String name;
        private final UserGroupInformation user;

        Host(String name) {
            this.name = name;
            this.user = UserGroupInformation.createRemoteUser(name);
        }

        RunLock acquire(String run) throws IOException, InterruptedException {
            Running here = Running.now("teacher", "app");
            Running there = new Running(
                    here.token(), "teacher", "app", name, 1, "", "", here.started(), here.renewed(), 0, null);
            org.apache.hadoop.fs.Path out = new org.apache.hadoop.fs.Path(S3Server.uri(run));
            return user.doAs((PrivilegedExceptionAction<RunLock>) () -> RunLock.acquire(
                    out, new org.apache.hadoop.fs.Path(out, "running.json"), there, RunLock.Timing.USUAL, hadoop));
        }
    }

    @Test
    void noSecondStartDisturbsALiveRun() throws Exception {
        Random random = new Random(1);
        RunLock live = one.acquire("live");
        List<Callable<Boolean>> starts = new ArrayList<>();
        for (int start = 0; start < 25; start++) {
            long moment = random.nextInt(15_000);
            starts.add(() -> {
                TimeUnit.MILLISECONDS.sleep(moment);
                try (RunLock second = other.acquire("live")) {
                    return false;
                } catch (UserException e) {
                    return e.getMessage().contains("is in use by another run");
                }
            });
        }

        assertThat(all(starts)).hasSize(25).containsOnly(true);
        assertThat(live.isLost()).isFalse();
        live.close();
        other.acquire("live").close();
    }

    @Test
    void ofTwoThatStartAtOnceOneGoesOn() throws Exception {
        List<Callable<Integer>> pairs = new ArrayList<>();
        for (int pair = 0; pair < 12; pair++) {
            String run = "pair-" + pair;
            // Within the few requests in which neither has seen the other.
            int later = 10 * pair;
            CountDownLatch ready = new CountDownLatch(2);
            CountDownLatch decided = new CountDownLatch(2);
            List<Callable<Boolean>> both =
                    List.of(() -> goesOn(one, run, 0, ready, decided), () -> goesOn(other, run, later, ready, decided));
            pairs.add(() -> Collections.frequency(all(both), true));
        }

        assertThat(all(pairs)).hasSize(12).containsOnly(1);
    }

    /** @param delay of its start, in ms */
    private static boolean goesOn(Host host, String run, int delay, CountDownLatch ready, CountDownLatch decided)
            throws IOException, InterruptedException {
        ready.countDown();
        ready.await();
        TimeUnit.MILLISECONDS.sleep(delay);
        RunLock lock;
        try {
            lock = host.acquire(run);
        } catch (UserException e) {
            return false;
        } finally {
            decided.countDown();
        }
        try (lock) {
            decided.await();
            return !lock.isLost();
        }
    }

    private <T> List<T> all(List<Callable<T>> calls) throws Exception {
        List<T> results = new ArrayList<>();
        for (Future<T> each : threads.invokeAll(calls)) {
            results.add(each.get());
        }
        return results;
    }
}
