package org.sftn.train.exchange;

/** Reduce-scatter and all-gather over connections between all ranks. */
final class DirectExchange implements Exchange {
    /** What a message carries: a slice to be summed, for its owner, or a slice of the shared array, from its owner. */
    enum Phase {
        REDUCE,
        GATHER
    }

    private final int id;
    private final Member me;
    private final float[] shared;
    private final Slice own;
    private final Outbox[] outboxes;
    private final Arrivals arrivals;
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
        this.arrivals = arrivals;
        this.sum = new float[me.ranks() == 1 ? 0 : own.length()];
        this.staged = new float[me.ranks()][];
        this.reduced = new Arrivals.Counter[me.ranks()];
        this.gathered = new Arrivals.Counter[me.ranks()];
        for (int rank = 0; rank < me.ranks(); rank++) {
            staged[rank] = new float[sum.length];
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
        if (me.ranks() == 1) {
            return values;
        }
        send(Phase.REDUCE, values);
        // While the peers' parts are on their way.
        System.arraycopy(values, own.offset(), staged[me.rank()], 0, own.length());
        for (int rank = 0; rank < me.ranks(); rank++) {
            if (rank != me.rank()) {
                reduced[rank].await((round + 1) * own.length());
            }
            if (rank == 0) {
                System.arraycopy(staged[rank], 0, sum, 0, sum.length);
            } else {
                add(staged[rank], sum);
            }
        }
        return sum;
    }

    // The compiler makes vectors of it, since both arrays go by one index.
    private static void add(float[] more, float[] sum) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += more[i];
        }
    }

    @Override
    public void gather() {
        send(Phase.GATHER, shared);
        for (int rank = 0; rank < me.ranks(); rank++) {
            if (rank != me.rank()) {
                gathered[rank].await(
                        (round + 1) * Slice.of(shared.length, rank, me.ranks()).length());
            }
        }
        round++;
    }

    private void send(Phase phase, float[] values) {
        for (int rank = 0; rank < me.ranks(); rank++) {
            Slice slice = phase == Phase.REDUCE ? Slice.of(shared.length, rank, me.ranks()) : own;
            if (rank != me.rank() && slice.length() > 0) {
                outboxes[rank].send(id, phase, values, slice);
            }
        }
    }

    /** Takes a slice; a peer's come one after the other. */
    SliceReceiver receive(int from, Phase phase) {
        boolean reduce = phase == Phase.REDUCE;
        Slice slice = reduce ? new Slice(0, own.length()) : Slice.of(shared.length, from, me.ranks());
        return new SliceReceiver(
                from, reduce ? staged[from] : shared, slice, arrivals, reduce ? reduced[from] : gathered[from]);
    }
}
