package org.sftn.train.exchange;

import java.nio.FloatBuffer;

/** Reduce-scatter and all-gather over connections between all ranks. */
final class DirectExchange implements Exchange {
    /** What a frame carries: part of a slice of gradients for their owner, or of weights from their owner. */
    enum Phase {
        REDUCE,
        GATHER
    }

    private final int id;
    private final Member me;
    private final float[] shared;
    private final Slice own;
    private final Outbox[] outboxes;
    private final float[] sum;
    private final float[][] staged;
    private final Arrivals.Counter[] reduced;
    private final Arrivals.Counter[] gathered;
    private long round;

    /**
     * @param outboxes by rank, nothing at the own rank; may be filled in later
     */
    DirectExchange(int id, Member me, float[] shared, Outbox[] outboxes, Arrivals arrivals) {
        this.id = id;
        this.me = me;
        this.shared = shared;
        this.own = me.slice(shared.length);
        this.outboxes = outboxes;
        this.sum = new float[own.length()];
        this.staged = new float[me.ranks()][];
        this.reduced = new Arrivals.Counter[me.ranks()];
        this.gathered = new Arrivals.Counter[me.ranks()];
        for (int rank = 0; rank < me.ranks(); rank++) {
            staged[rank] = new float[rank == me.rank() ? 0 : own.length()];
            reduced[rank] = arrivals.counter(rank);
            gathered[rank] = arrivals.counter(rank);
        }
    }

    @Override
    public Slice slice() {
        return own;
    }

    @Override
    public float[] reduce(float[] values) {
        if (values.length != shared.length || values == shared) {
            throw new IllegalArgumentException("cannot sum " + values.length + " values for " + shared.length);
        }
        send(Phase.REDUCE, values);
        for (int rank = 0; rank < me.ranks(); rank++) {
            boolean mine = rank == me.rank();
            if (!mine) {
                reduced[rank].await((round + 1) * own.length());
            }
            float[] from = mine ? values : staged[rank];
            int at = mine ? own.offset() : 0;
            if (rank == 0) {
                System.arraycopy(from, at, sum, 0, sum.length);
            } else {
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += from[at + i];
                }
            }
        }
        return sum;
    }

    @Override
    public void gather() {
        send(Phase.GATHER, shared);
        for (int rank = 0; rank < me.ranks(); rank++) {
            if (rank != me.rank()) {
                gathered[rank].await((round + 1) * Slice.of(shared.length, rank, me.ranks()).length());
            }
        }
        round++;
    }

    // In turns of one chunk a peer, so that a slow peer does not keep the others waiting.
    private void send(Phase phase, float[] values) {
        int sent = 0;
        for (boolean more = true; more; sent += Outbox.CHUNK) {
            more = false;
            for (int rank = 0; rank < me.ranks(); rank++) {
                Slice slice = phase == Phase.REDUCE ? Slice.of(shared.length, rank, me.ranks()) : own;
                int count = Math.min(Outbox.CHUNK, slice.length() - sent);
                if (rank != me.rank() && count > 0) {
                    outboxes[rank].send(id, phase, values, slice.offset() + sent, count);
                    more = true;
                }
            }
        }
        for (Outbox outbox : outboxes) {
            if (outbox != null) {
                outbox.flush();
            }
        }
    }

    /**
     * Takes a frame; a peer's frames of a phase come in order.
     *
     * @param offset in the shared array
     */
    void receive(int from, Phase phase, int offset, FloatBuffer values) {
        boolean reduce = phase == Phase.REDUCE;
        Slice slice = reduce ? own : Slice.of(shared.length, from, me.ranks());
        Arrivals.Counter counter = reduce ? reduced[from] : gathered[from];
        int count = values.remaining();
        int at = offset - slice.offset();
        if (count == 0 || count > slice.length() || at != counter.arrived() % slice.length() || at + count > slice.length()) {
            throw new PeerException("rank " + from + " sent " + count + " values at " + offset + " for " + slice);
        }
        if (reduce) {
            values.get(staged[from], at, count);
        } else {
            values.get(shared, offset, count);
        }
        counter.add(count);
    }
}
