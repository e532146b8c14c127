package org.sftn.data.order;

/**
 * SplitMix64 (Steele, Lea and Flood 2014): a stream of numbers that depends on its keys alone, the same on every machine and
 * Java release. Not thread-safe.
 */
public final class RandomStream {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private long state;

    private RandomStream(long state) {
        this.state = state;
    }

    /**
     * @param purpose keeps streams apart that different parts of the program make of equal keys
     * @param keys in order; streams of different keys are independent
     */
    public static RandomStream of(String purpose, long... keys) {
        long state = mix(purpose.hashCode() + GOLDEN);
        for (long key : keys) {
            state = mix(state ^ mix(key + GOLDEN)) + GOLDEN;
        }
        return new RandomStream(state);
    }

    private static long mix(long z) {
        long y = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        y = (y ^ (y >>> 27)) * 0x94D049BB133111EBL;
        return y ^ (y >>> 31);
    }

    public long nextLong() {
        state += GOLDEN;
        return mix(state);
    }

    /** Uniform in 0 to bound - 1; the bias of the multiplication is below 2^-32. */
    public int nextInt(int bound) {
        if (bound < 1) {
            throw new IllegalArgumentException("a bound of at least 1 is needed, not " + bound);
        }
        return (int) Math.multiplyHigh(nextLong() >>> 1, (long) bound << 1);
    }

    /** Uniform in [0, 1). */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1p-53;
    }

    /** Uniform in [low, high). */
    public double nextDouble(double low, double high) {
        return low + (high - low) * nextDouble();
    }

    public boolean nextBoolean() {
        return nextLong() < 0;
    }

    /** The numbers 0 to size - 1, each order equally likely. */
    public int[] permutation(int size) {
        int[] order = new int[size];
        for (int i = 0; i < size; i++) {
            int other = nextInt(i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        return order;
    }
}
