package org.sftn.train;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.Cause;
import org.sftn.train.checkpoint.StorageException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How often a run begins again, and after what time. An executor that is lost is replaced at once as a rule; a cluster without room, and
 * storage, may need a while.
 */
final class Retries {
    private static final Logger LOG = LoggerFactory.getLogger(Retries.class);
    private static final int MAX_DOUBLINGS = 20;

    private final int attempts;
    private final Duration delay;
    private long reached = -1;
    private int lost;
    private int missing;
    private int restarts;
    /** Null before the first failure. */
    private @Nullable Throwable last;

    /**
     * @param attempts without progress that end the run, at least 1
     * @param delay after the first of them, where files could not be read or written or executors are missing; doubles with each
     */
    Retries(int attempts, Duration delay) {
        this.attempts = attempts;
        this.delay = delay;
    }

    /**
     * An attempt begins.
     *
     * @param iterations of the checkpoint that it goes on from
     * @throws TrainingFailedException when too many attempts have not brought the run further than that
     */
    void begin(long iterations) {
        if (iterations > reached) {
            reached = iterations;
            lost = 0;
        }
        if (lost >= attempts) {
            throw new TrainingFailedException(lost, Objects.requireNonNull(last));
        }
    }

    /** Attempts that have failed. */
    int restarts() {
        return restarts;
    }

    /**
     * An attempt has failed; waits if that may help.
     *
     * @throws TrainingFailedException when none could begin for too often
     */
    void failed(Throwable e) throws InterruptedException {
        lost++;
        restarts++;
        last = e;
        if (lost > attempts) {
            throw new TrainingFailedException(lost, e);
        }
        String why = "Attempt " + restarts + " has failed: " + Cause.of(e);
        // After the last attempt begin() is next: unless that attempt has brought the run further, there is nothing to
        // wait for, and the reason is said once.
        if (StorageException.isStorage(e) && lost < attempts) {
            Duration pause = pause(lost);
            LOG.warn("{}. Files cannot be read or written now; the next attempt is in {} s", why, pause.toSeconds(), e);
            Thread.sleep(pause.toMillis());
        } else {
            LOG.warn(why, e);
        }
    }

    /**
     * No attempt could begin, since executors are missing; waits for them.
     *
     * @throws TrainingFailedException when that was so too often in a row
     */
    void missing(MissingExecutorsException e) throws InterruptedException {
        missing++;
        if (missing >= attempts) {
            throw TrainingFailedException.withoutExecutors(missing, e);
        }
        Duration pause = pause(missing);
        LOG.warn("{}; the next attempt is in {} s", e.getMessage(), pause.toSeconds());
        Thread.sleep(pause.toMillis());
    }

    /** All executors are there. */
    void found() {
        missing = 0;
    }

    private Duration pause(int times) {
        return delay.multipliedBy(1L << Math.min(times - 1, MAX_DOUBLINGS));
    }
}
