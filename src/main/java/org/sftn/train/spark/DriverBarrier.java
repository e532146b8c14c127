package org.sftn.train.spark;

import java.io.Serializable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A barrier behind a {@link DriverService}, for any number of rounds. Spark's own takes a second a round since Spark 3. */
public final class DriverBarrier {
    private final int ranks;
    private CompletableFuture<Serializable> round = new CompletableFuture<>();
    private int waiting;

    public DriverBarrier(int ranks) {
        this.ranks = ranks;
    }

    /** One rank waits; the answer comes when all do. */
    public synchronized CompletionStage<Serializable> await() {
        CompletableFuture<Serializable> reached = round;
        waiting++;
        if (waiting == ranks) {
            waiting = 0;
            round = new CompletableFuture<>();
            reached.complete(true);
        }
        return reached;
    }

    /** Who waits learns that the others will not come. */
    public synchronized void fail(Throwable failure) {
        round.completeExceptionally(failure);
    }
}
