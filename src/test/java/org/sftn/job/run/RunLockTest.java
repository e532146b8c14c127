package org.sftn.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.ObjectStore;
import org.sftn.conf.Json;
import org.sftn.conf.UserException;
import org.sftn.train.progress.TrainingProgress;

class RunLockTest {
    // Patient: on a busy machine an owner may be late.
    private static final RunLock.Timing TIMING = new RunLock.Timing(Duration.ofMillis(100), Duration.ofMinutes(5));
    private static final Configuration HADOOP = new Configuration();

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("running.json");
    }

    private RunLock acquire(Running own) throws IOException, InterruptedException {
        return acquire(own, TIMING.patience());
    }

    private RunLock acquire(Running own, Duration patience) throws IOException, InterruptedException {
        return acquire("file", own, new RunLock.Timing(TIMING.renewal(), patience));
    }

    private RunLock acquire(String scheme, Running own, RunLock.Timing timing)
            throws IOException, InterruptedException {
        return RunLock.acquire(
                new org.apache.hadoop.fs.Path(scheme + ":" + folder),
                new org.apache.hadoop.fs.Path(scheme + ":" + file),
                own,
                timing,
                HADOOP);
    }

    private static Running run(String application) {
        return Running.now("teacher", application);
    }

    /** One that no process can be found for. */
    private static Running onAnotherMachine() {
        Running here = run("app-1");
        return new Running(
                here.token(),
                "teacher",
                "app-1",
                "elsewhere",
                1,
                "",
                "",
                "2026-01-02T03:04:05Z",
                "2026-01-02T03:04:05Z",
                0,
                null);
    }

    private void write(Running state) throws IOException {
        Files.writeString(file, Json.line(state));
    }

    private Running read() throws IOException {
        return RunLock.read(new org.apache.hadoop.fs.Path(file.toUri()), HADOOP).orElseThrow();
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(path -> path.getFileName().toString()).toList();
        }
    }

    @Test
    void aSecondRunIsKeptOutUntilTheFirstHasEnded() throws Exception {
        try (RunLock first = acquire(onAnotherMachine())) {
            assertThat(first.isLost()).isFalse();
            assertThatThrownBy(() -> acquire(run("app-2")))
                    .isInstanceOf(UserException.class)
                    .hasMessage(
                            "--out file:%s is in use by another run (teacher since 2026-01-02T03:04:05Z, host elsewhere, process 1, app-1): wait for it, or take another folder",
                            folder);
        }
        assertThat(names()).isEmpty();
        acquire(run("app-2")).close();
    }

    @Test
    void theLockOfADeadProcessOfThisMachineIsTakenAtOnce() throws Exception {
        Process ended = new ProcessBuilder("true").start();
        ended.waitFor();
        Running dead = run("app-1");
        write(new Running(
                dead.token(),
                "teacher",
                "app-1",
                dead.host(),
                ended.pid(),
                "",
                dead.processes(),
                dead.started(),
                dead.renewed(),
                7,
                null));
        try (RunLock lock = acquire(run("app-2"), Duration.ofDays(1))) {
            assertThat(read().application()).isEqualTo("app-2");
            assertThat(lock.isLost()).isFalse();
        }
    }

    @Test
    void aLockThatNobodyRenewsIsTakenAfterAWhile() throws Exception {
        write(onAnotherMachine());
        acquire(run("app-2"), Duration.ofSeconds(1)).close();
        Files.writeString(file, "");
        acquire(run("app-3"), Duration.ofSeconds(1)).close();
        assertThat(names()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"file", ObjectStore.SCHEME})
    void ofManyAtTheSameTimeOneSucceeds(String scheme) throws Exception {
        // An object store does not say who was first: the last one that wrote within half a renewal has it.
        RunLock.Timing timing =
                scheme.equals("file") ? TIMING : new RunLock.Timing(Duration.ofSeconds(4), Duration.ofMinutes(2));
        int runs = 8;
        CountDownLatch undecided = new CountDownLatch(runs);
        ExecutorService threads = Executors.newFixedThreadPool(runs);
        try {
            List<Callable<Boolean>> tries = IntStream.range(0, runs)
                    .<Callable<Boolean>>mapToObj(i -> () -> {
                        try (RunLock lock = acquire(scheme, run("app-" + i), timing)) {
                            // So that no other comes after it.
                            undecided.countDown();
                            undecided.await();
                            Thread.sleep(3 * timing.renewal().toMillis());
                            return !lock.isLost();
                        } catch (UserException e) {
                            undecided.countDown();
                            return false;
                        }
                    })
                    .toList();
            int held = 0;
            for (Future<Boolean> each : threads.invokeAll(tries)) {
                held += each.get() ? 1 : 0;
            }
            assertThat(held).isEqualTo(1);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void theOwnerThatLostItIsInterruptedAndLeavesTheOthersLock() throws Exception {
        try (RunLock lock = acquire(run("app-1"))) {
            Running other = onAnotherMachine();
            write(other);
            assertThatThrownBy(() -> {
                        // As a run that takes over, which looks whether the owner has written over its own.
                        while (true) {
                            write(other);
                            Thread.sleep(10 * TIMING.renewal().toMillis());
                        }
                    })
                    .isInstanceOfAny(InterruptedException.class, ClosedByInterruptException.class);
            assertThat(lock.isLost()).isTrue();
            lock.close();
            assertThat(read().token()).isEqualTo(other.token());
        }
    }

    @Test
    void itSaysHowFarTheRunIs() throws Exception {
        TrainingProgress progress = new TrainingProgress(
                2, 3, 40, 60, 0.1, 1.5, Map.of("ce", 1.5), 0.25, 100, Map.of("data_wait_share", 0.01), 12, 1, 2, 1);
        try (RunLock lock = acquire(run("app-1"))) {
            long before = read().renewals();
            lock.say(progress);
            while (read().renewals() < before + 2) {
                Thread.sleep(10);
            }
            assertThat(read().progress()).isEqualTo(progress);
        }
    }
}
