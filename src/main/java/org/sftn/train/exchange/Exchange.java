package org.sftn.train.exchange;

/**
 * Sums one array over the ranks; from the sums each rank makes its slices of another array, the shared one, which all get. Every rank
 * does the same rounds: {@link #begin}, {@link #ready} while the array fills, {@link #finish}. What waits for a peer throws {@link
 * PeerException} when that has failed. Between rounds both arrays are the caller's.
 */
public interface Exchange {
    /** What a rank does with a sum. */
    @FunctionalInterface
    interface Update {
        /**
         * Makes the own slice of the shared array. Called once for each slice, in order, by one thread at a time. What it throws ends the
         * round; the peers do not get this slice.
         *
         * @param index of the slice in {@link Buckets#slices}
         * @param sum begins with the slice's sum over the ranks, added in rank order in fp32; not to be changed
         */
        void apply(int index, float[] sum);
    }

    /** How both arrays are cut. */
    Buckets buckets();

    /** Begins a round. */
    void begin(Update update);

    /**
     * Values of the array to be summed from the first on that are as they shall be sent. They may be sent now or later. Sums and updates
     * may be made in this call as far as the peers' values are there; it does not wait for them. From the first call of a round on the shared array may change at
     * any moment.
     *
     * @param count not less than the time before
     */
    void ready(int count);

    /** All values are ready. Returns when the shared array has every rank's slices, those of others as {@link Format} says. */
    void finish();

    /**
     * Between rounds: gives the own slices of the array that is summed to the peers, and fills the others with theirs. Returns when all
     * have what they need of this rank.
     */
    void gather();

    /** Between rounds: fills the shared array with what the owners have of it, where that has come rounded. */
    void gatherShared();
}
