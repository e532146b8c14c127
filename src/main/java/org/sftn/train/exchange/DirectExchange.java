package org.sftn.train.exchange;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reduce-scatter and all-gather over connections between all ranks, bucket by bucket: while one bucket's values are made, those of
 * the buckets before are on their way, if {@link Pace} finds that this is faster.
 *
 * <p>Nothing is locked or copied, since the order of messages forbids that a value is overwritten too early. A peer's next round
 * begins when it has this rank's slices of the shared array, which this rank makes when it has added what the peer sent. And this rank's
 * round ends when it has all peers' slices, which they make when they have added what this rank sent.
 */
final class DirectExchange implements Exchange {
    /** What a message carries: values for their owner, who sums them, or from their owner, of the shared array or of the summed one. */
    enum Phase {
        REDUCE,
        UPDATED,
        GATHER,
        GATHER_SHARED
    }

    // 256 KiB: a message of a tenth of a millisecond at 25 Gbit/s, about what it costs to send one.
    private static final int SLICE = 1 << 16;

    private final int id;
    private final Member me;
    private final float[] values;
    private final float[] shared;
    private final Format format;
    private final Buckets buckets;
    private final List<Slice> own;
    /** By rank and bucket, how slices of the shared array travel from their owners. */
    private final List<List<List<Format.Run>>> updates;

    /** Values of the own slices of a bucket and all before it. */
    private final long[] lengths;

    private final Outbox[] outboxes;
    private final Arrivals arrivals;
    private final float[] sum;
    /** The own values of the bucket that is summed. */
    private final float[] mine;
    /** By rank and bucket, what has come; of the own rank nothing. */
    private final float[][][] staged;

    private final Arrivals.Counter[] reduced;
    private final Arrivals.Counter[] fromOwners;
    /** Values that each rank owns. */
    private final int[] owned;
    /** Values that each peer must have sent as their owner, in all rounds. */
    private final long[] owed;

    private final Pace pace = new Pace(System::nanoTime);

    private long round;
    /** Of the last round that has begun; null before the first. */
    private @Nullable Update update;
    /** Buckets of this round whose values are sent. */
    private int sent;
    /** Buckets of this round that are summed and updated. */
    private int updated;

    /**
     * @param values to be summed
     * @param shared of the same length
     * @param format the own values are rounded, too, before they are summed, so that the sums do not depend on the buckets
     * @param outboxes by rank, nothing at the own rank; may be filled in later
     */
    DirectExchange(
            int id, Member me, float[] values, float[] shared, Format format, Outbox[] outboxes, Arrivals arrivals) {
        if (values.length != shared.length || values == shared) {
            throw new IllegalArgumentException("cannot sum " + values.length + " values for " + shared.length);
        }
        this.id = id;
        this.me = me;
        this.values = values;
        this.shared = shared;
        this.format = format;
        this.buckets = me.ranks() == 1 ? Buckets.one(shared.length, 1) : new Buckets(shared.length, me.ranks(), SLICE);
        this.own = buckets.slices(me.rank());
        this.updates = new ArrayList<>();
        for (int rank = 0; rank < me.ranks(); rank++) {
            updates.add(buckets.slices(rank).stream().map(format::shared).toList());
        }
        this.lengths = new long[own.size()];
        long length = 0;
        for (int bucket = 0; bucket < own.size(); bucket++) {
            length += own.get(bucket).length();
            lengths[bucket] = length;
        }
        this.outboxes = outboxes;
        this.arrivals = arrivals;
        this.sum = new float[me.ranks() == 1 ? 0 : own.get(0).length()];
        this.mine = new float[sum.length];
        this.staged = new float[me.ranks()][own.size()][];
        this.reduced = new Arrivals.Counter[me.ranks()];
        this.fromOwners = new Arrivals.Counter[me.ranks()];
        this.owned = new int[me.ranks()];
        this.owed = new long[me.ranks()];
        for (int rank = 0; rank < me.ranks(); rank++) {
            for (int bucket = 0; bucket < own.size() && rank != me.rank(); bucket++) {
                staged[rank][bucket] = new float[own.get(bucket).length()];
            }
            owned[rank] = buckets.length(rank);
            reduced[rank] = arrivals.counter(rank);
            fromOwners[rank] = arrivals.counter(rank);
        }
    }

    @Override
    public Buckets buckets() {
        return buckets;
    }

    @Override
    public void begin(Update update) {
        this.update = update;
        sent = 0;
        updated = 0;
        pace.begin();
    }

    @Override
    public void ready(int count) {
        if (me.ranks() > 1 && pace.isEarly()) {
            advance(count);
        }
    }

    private void advance(int count) {
        while (sent < own.size() && buckets.end(sent) <= count) {
            for (int rank = 0; rank < me.ranks(); rank++) {
                send(rank, Phase.REDUCE, values, sent, Format.all(buckets.slice(sent, rank), format.summed()));
            }
            sent++;
        }
        while (updated < sent && isHere(updated)) {
            update(updated++);
        }
    }

    private boolean isHere(int bucket) {
        for (int rank = 0; rank < me.ranks(); rank++) {
            if (rank != me.rank() && reduced[rank].arrived() < expected(bucket)) {
                return false;
            }
        }
        return true;
    }

    /** Values that a peer must have sent, in all rounds. */
    private long expected(int bucket) {
        return round * lengths[own.size() - 1] + lengths[bucket];
    }

    private void update(int bucket) {
        Slice slice = own.get(bucket);
        format.summed().round(values, slice.offset(), mine, slice.length());
        for (int rank = 0; rank < me.ranks(); rank++) {
            float[] given = rank == me.rank() ? mine : staged[rank][bucket];
            if (rank == 0) {
                System.arraycopy(given, 0, sum, 0, slice.length());
            } else {
                add(given, sum, slice.length());
            }
        }
        Objects.requireNonNull(update).apply(bucket, sum);
        for (int rank = 0; rank < me.ranks(); rank++) {
            send(rank, Phase.UPDATED, shared, bucket, updates.get(me.rank()).get(bucket));
        }
    }

    // The compiler makes vectors of it, since both arrays go by one index.
    private static void add(float[] more, float[] sum, int count) {
        for (int i = 0; i < count; i++) {
            sum[i] += more[i];
        }
    }

    private void send(int rank, Phase phase, float[] from, int bucket, List<Format.Run> runs) {
        if (rank != me.rank() && !runs.isEmpty()) {
            outboxes[rank].send(id, phase, bucket, from, runs);
        }
    }

    @Override
    public void finish() {
        if (me.ranks() == 1) {
            Objects.requireNonNull(update).apply(0, values);
            return;
        }
        advance(values.length);
        while (updated < own.size()) {
            for (int rank = 0; rank < me.ranks(); rank++) {
                if (rank != me.rank()) {
                    reduced[rank].await(expected(updated));
                }
            }
            update(updated++);
        }
        round++;
        awaitOwners();
        pace.end();
    }

    private void awaitOwners() {
        for (int rank = 0; rank < me.ranks(); rank++) {
            if (rank != me.rank()) {
                owed[rank] += owned[rank];
                fromOwners[rank].await(owed[rank]);
            }
        }
    }

    /** As in a round, nothing is overwritten too early: all peers have added what was in their arrays before they send. */
    @Override
    public void gather() {
        gather(Phase.GATHER, values);
        for (int rank = 0; rank < me.ranks(); rank++) {
            if (rank != me.rank()) {
                outboxes[rank].drain();
            }
        }
    }

    /**
     * Exact values take the places of rounded ones, so it does no harm that a peer's come while this rank still uses those. And the
     * own ones stay until all peers have them, since no update is made before.
     */
    @Override
    public void gatherShared() {
        if (!format.rounded().isEmpty()) {
            gather(Phase.GATHER_SHARED, shared);
        }
    }

    private void gather(Phase phase, float[] array) {
        for (int bucket = 0; bucket < own.size(); bucket++) {
            for (int rank = 0; rank < me.ranks(); rank++) {
                send(rank, phase, array, bucket, Format.all(own.get(bucket), Encoding.FP32));
            }
        }
        awaitOwners();
    }

    /** Takes a slice; a peer's come one after the other. */
    SliceReceiver receive(int from, Phase phase, int bucket) {
        Slice slice = buckets.slice(bucket, from);
        return switch (phase) {
            case REDUCE -> {
                Slice here = new Slice(0, own.get(bucket).length());
                yield new SliceReceiver(
                        from, staged[from][bucket], Format.all(here, format.summed()), arrivals, reduced[from]);
            }
            case UPDATED -> new SliceReceiver(from, shared, updates.get(from).get(bucket), arrivals, fromOwners[from]);
            case GATHER ->
                new SliceReceiver(from, values, Format.all(slice, Encoding.FP32), arrivals, fromOwners[from]);
            case GATHER_SHARED ->
                new SliceReceiver(from, shared, Format.all(slice, Encoding.FP32), arrivals, fromOwners[from]);
        };
    }
}
