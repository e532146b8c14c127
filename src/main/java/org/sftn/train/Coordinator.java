package org.sftn.train;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FSError;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.UserException;
import org.sftn.train.checkpoint.StorageException;
import org.sftn.train.exchange.Rendezvous;
import org.sftn.train.progress.RankReport;
import org.sftn.train.spark.DriverBarrier;

/**
 * The driver's side of one attempt: brings the ranks together, sums what they report in rank order, commits their checkpoints.
 * Files are written by a thread of its own, in the order in which reports became complete.
 */
final class Coordinator implements AutoCloseable {
    /** Takes what all ranks have done; called by one thread at a time. */
    interface Listener {
        /**
         * Before anything else.
         *
         * @param reports in rank order
         */
        void compiled(List<RankReport.Compiled> reports) throws IOException;

        void trained(RankReport.Trained report) throws IOException;

        /** @param reports in rank order */
        void epochDone(List<RankReport.EpochDone> reports) throws IOException;

        /** @param reports in rank order */
        void saved(List<RankReport.Saved> reports) throws IOException;
    }

    private final int ranks;
    private final boolean sharesExecutors;
    private final Listener listener;
    private final ExecutorService files = Executors.newSingleThreadExecutor(task -> new Thread(task, "training-files"));
    private final RankReport.Here[] here;
    private final CompletableFuture<Serializable> meeting = new CompletableFuture<>();
    private final Map<Long, RankReport.EpochDone[]> epochs = new HashMap<>();
    private final Map<Long, RankReport.Saved[]> saved = new HashMap<>();
    private final RankReport.Finished[] finished;
    private final List<RankReport.Compiled> compiled = new ArrayList<>();
    private final DriverBarrier barrier;
    /** What came first of what ends this attempt; null while nothing has. */
    private @Nullable RuntimeException failure;

    /** @param sharesExecutors whether several ranks may run in one process */
    Coordinator(int ranks, boolean sharesExecutors, Listener listener) {
        this.ranks = ranks;
        this.barrier = new DriverBarrier(ranks);
        this.sharesExecutors = sharesExecutors;
        this.listener = listener;
        this.here = new RankReport.Here[ranks];
        this.finished = new RankReport.Finished[ranks];
    }

    /** Takes a {@link RankReport}; once the attempt has failed the ranks are told by an exception. */
    synchronized CompletionStage<Serializable> answer(Serializable message) {
        RuntimeException before = failure;
        CompletionStage<Serializable> answer = take((RankReport) message);
        if (before != null) {
            throw before;
        }
        return answer;
    }

    private CompletionStage<Serializable> take(RankReport report) {
        if (report instanceof RankReport.Here each) {
            return meet(each);
        } else if (report instanceof RankReport.AtBarrier) {
            return barrier.await();
        } else if (report instanceof RankReport.Trained each) {
            now(() -> listener.trained(each));
        } else if (report instanceof RankReport.EpochDone each) {
            complete(epochs, each.iterations(), each, new RankReport.EpochDone[ranks])
                    .ifPresent(all -> later(() -> listener.epochDone(all)));
        } else if (report instanceof RankReport.Saved each) {
            complete(saved, each.iterations(), each, new RankReport.Saved[ranks])
                    .ifPresent(all -> later(() -> listener.saved(all)));
        } else if (report instanceof RankReport.Compiled each) {
            requireAlike(each);
            if (compiled.size() == ranks) {
                List<RankReport.Compiled> all = List.copyOf(compiled);
                later(() -> listener.compiled(all));
            }
        } else if (report instanceof RankReport.Diverged each) {
            fail(new DivergedException(each.what()));
        } else if (report instanceof RankReport.Refused each) {
            fail(new UserException(each.message()));
        } else if (report instanceof RankReport.Broken each) {
            String message = String.format(Locale.ROOT, "rank %d failed: %s", each.rank(), each.stackTrace());
            fail(each.storage() ? new StorageException(message, null) : new IllegalStateException(message));
        } else if (report instanceof RankReport.Finished each) {
            finished[each.rank()] = each;
        }
        return CompletableFuture.completedFuture(true);
    }

    private CompletionStage<Serializable> meet(RankReport.Here each) {
        if (here[each.rank()] != null) {
            throw new IllegalStateException(
                    "rank " + each.rank() + " has been there before: Spark has begun the stage again");
        }
        here[each.rank()] = each;
        for (RankReport.Here other : here) {
            if (!sharesExecutors
                    && other != null
                    && other.rank() != each.rank()
                    && other.executor().equals(each.executor())) {
                throw fail(new UserException(String.format(
                        Locale.ROOT,
                        "two replicas cannot share executor %s: a task must take all cores of its executor, set spark.task.cpus to spark.executor.cores",
                        each.executor())));
            }
        }
        if (Arrays.stream(here).allMatch(h -> h != null)) {
            ArrayList<Rendezvous.Address> addresses = new ArrayList<>();
            for (RankReport.Here all : here) {
                addresses.add(all.address());
            }
            meeting.complete(addresses);
        }
        return meeting;
    }

    private void requireAlike(RankReport.Compiled each) {
        compiled.add(each);
        compiled.sort(Comparator.comparingInt(RankReport.Compiled::rank));
        RankReport.Compiled first = compiled.get(0);
        for (RankReport.Compiled other : compiled) {
            if (!arithmetic(other).equals(arithmetic(first))) {
                throw fail(new UserException(String.format(
                        Locale.ROOT,
                        "rank %d computes with %s, rank %d with %s; set engine.name and engine.precision so that all executors can",
                        other.rank(),
                        arithmetic(other),
                        first.rank(),
                        arithmetic(first))));
            }
            if (!other.parameterOrder().equals(first.parameterOrder())) {
                throw fail(new UserException(String.format(
                        Locale.ROOT,
                        "ranks %d and %d hold weights in different orders, so their processors differ; use executors of one kind, or set engine.name to bigdl",
                        other.rank(),
                        first.rank())));
            }
        }
    }

    private static String arithmetic(RankReport.Compiled each) {
        return each.platform().engine() + " in " + each.platform().precision();
    }

    private <R extends RankReport> Optional<List<R>> complete(
            Map<Long, R[]> waiting, long iterations, R report, R[] empty) {
        R[] all = waiting.computeIfAbsent(iterations, i -> empty);
        all[report.rank()] = report;
        if (Arrays.stream(all).anyMatch(r -> r == null)) {
            return Optional.empty();
        }
        waiting.remove(iterations);
        return Optional.of(List.of(all));
    }

    private interface FileWork {
        void run() throws IOException;
    }

    private void later(FileWork work) {
        files.execute(() -> now(work));
    }

    private void now(FileWork work) {
        try {
            work.run();
        } catch (IOException | RuntimeException | FSError e) {
            fail(e);
        }
    }

    /** @return what came first */
    private synchronized RuntimeException fail(Throwable e) {
        RuntimeException first = failure;
        if (first == null) {
            first = e instanceof RuntimeException runtime ? runtime : new StorageException(HadoopFiles.reason(e), e);
            failure = first;
            meeting.completeExceptionally(first);
            barrier.fail(first);
        }
        return first;
    }

    /** What came first of what ends this attempt. */
    synchronized Optional<RuntimeException> failure() {
        return Optional.ofNullable(failure);
    }

    /** The ranks' last reports in rank order; only after all have returned. */
    synchronized List<RankReport.Finished> finished() {
        return List.of(finished);
    }

    /** Waits until all files are written. */
    @Override
    public void close() {
        files.shutdown();
        boolean interrupted = false;
        try {
            while (!files.awaitTermination(1, TimeUnit.MINUTES)) {
                // Files on a slow file system.
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
