package org.sftn.train.optimizer;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.sftn.conf.DaemonThreads;
import org.sftn.train.exchange.Slice;

/**
 * SGD on slices of the weights, with momentum without dampening: {@code g += decay w}; {@code m = momentum m + g}, the first
 * time {@code m = g}; {@code w -= rate m}, with Nesterov {@code w -= rate (g + momentum m)}. As PyTorch's, and bit by bit what
 * BigDL's SGD makes of it on a processor with fused multiply-add. The bits do not depend on the number of threads.
 */
public final class Sgd implements AutoCloseable {
    // To wake a thread takes as long as some hundred thousand values.
    private static final int SMALLEST_PART = 1 << 18;
    // A slice at an offset is copied to the first-level cache and back: the compiler makes vectors of a loop only if it
    // goes through all arrays at one index.
    private static final int BLOCK = 1024;

    private final float[] weights;
    private final List<Slice> slices;
    /** Where each slice begins in {@link #velocity}. */
    private final int[] starts;

    private final int length;
    private final float momentum;
    private final boolean nesterov;
    private final WeightDecay decay;
    private final int threads;
    private final ExecutorService helpers;
    /** Of the slices, one after the other; empty while there is no momentum. */
    private float[] velocity = {};
    /** Not before the first step, and not without momentum. A rank that owns no weights may have it, too. */
    private boolean hasMomentum;

    /**
     * @param weights live: {@link #step} updates a slice and nothing else
     * @param momentum in [0, 1)
     * @param nesterov needs a momentum above 0
     * @param decay of the weights at their places
     * @param threads that may work at the same time, at least 1; the caller's is one of them, the others sleep between steps
     */
    public Sgd(float[] weights, List<Slice> slices, double momentum, boolean nesterov, WeightDecay decay, int threads) {
        this.weights = weights;
        this.slices = List.copyOf(slices);
        this.starts = new int[slices.size()];
        int start = 0;
        for (int i = 0; i < starts.length; i++) {
            starts[i] = start;
            start += slices.get(i).length();
        }
        this.length = start;
        this.momentum = (float) momentum;
        this.nesterov = nesterov;
        this.decay = decay;
        this.threads = threads;
        this.helpers = Executors.newCachedThreadPool(new DaemonThreads("sgd"));
    }

    /**
     * Updates one slice.
     *
     * @param index of the slice
     * @param gradient begins with that of the slice; only read
     * @param rate the learning rate of this step
     * @return whether all weights of the slice are finite now
     */
    public boolean step(int index, float[] gradient, double rate) {
        if (momentum != 0 && !hasMomentum) {
            velocity = new float[length];
            hasMomentum = true;
        }
        Slice slice = slices.get(index);
        Step step = new Step(slice.offset(), starts[index], gradient, (float) -rate);
        int parts = Math.max(1, Math.min(threads, slice.length() / SMALLEST_PART));
        List<Future<Boolean>> running = new ArrayList<>();
        for (int part = 1; part < parts; part++) {
            Slice range = Slice.of(slice.length(), part, parts);
            running.add(helpers.submit(() -> update(step, range)));
        }
        boolean finite = update(step, Slice.of(slice.length(), 0, parts));
        for (Future<Boolean> part : running) {
            finite &= await(part);
        }
        return finite;
    }

    /**
     * An update of a slice.
     *
     * @param weight where it begins in the weights
     * @param velocity where it begins in the velocity
     */
    private record Step(int weight, int velocity, float[] gradient, float minusRate) {
        boolean isAligned() {
            return weight == 0 && velocity == 0;
        }
    }

    private boolean update(Step step, Slice range) {
        float[][] copy = new float[3][BLOCK];
        float[] zeros = new float[BLOCK];
        int from = range.offset();
        int end = range.offset() + range.length();
        for (WeightDecay.Run run : decay.runs()) {
            int to = Math.min(end, run.end() - step.weight);
            if (from < to) {
                update(step, run.decay(), from, to, copy, zeros);
                from = to;
            }
        }
        for (float zero : zeros) {
            if (zero != 0) {
                return false;
            }
        }
        return true;
    }

    private void update(Step step, float decay, int first, int end, float[][] copy, float[] zeros) {
        for (int from = first; from < end; from += BLOCK) {
            int count = Math.min(BLOCK, end - from);
            if (step.isAligned()) {
                update(weights, velocity, step.gradient, decay, step.minusRate, from, from + count);
                System.arraycopy(weights, from, copy[0], 0, count);
                addZeroTimes(copy[0], zeros, count);
                continue;
            }
            System.arraycopy(weights, step.weight + from, copy[0], 0, count);
            System.arraycopy(step.gradient, from, copy[2], 0, count);
            if (momentum != 0) {
                System.arraycopy(velocity, step.velocity + from, copy[1], 0, count);
            }
            update(copy[0], copy[1], copy[2], decay, step.minusRate, 0, count);
            addZeroTimes(copy[0], zeros, count);
            System.arraycopy(copy[0], 0, weights, step.weight + from, count);
            if (momentum != 0) {
                System.arraycopy(copy[1], 0, velocity, step.velocity + from, count);
            }
        }
    }

    private void update(float[] w, float[] m, float[] g, float decay, float minusRate, int from, int end) {
        if (momentum == 0) {
            plain(w, g, decay, minusRate, from, end);
        } else if (nesterov) {
            withNesterov(w, m, g, decay, momentum, minusRate, from, end);
        } else {
            withMomentum(w, m, g, decay, momentum, minusRate, from, end);
        }
    }

    /** A sum stays 0 if all that is added to it is finite; it costs one instruction for each vector of weights. */
    private static void addZeroTimes(float[] w, float[] zeros, int count) {
        for (int i = 0; i < count; i++) {
            zeros[i] = Math.fma(w[i], 0f, zeros[i]);
        }
    }

    private static void plain(float[] w, float[] g, float decay, float minusRate, int from, int end) {
        for (int i = from; i < end; i++) {
            w[i] = Math.fma(minusRate, Math.fma(decay, w[i], g[i]), w[i]);
        }
    }

    private static void withMomentum(
            float[] w, float[] m, float[] g, float decay, float momentum, float minusRate, int from, int end) {
        for (int i = from; i < end; i++) {
            float next = momentum * m[i] + Math.fma(decay, w[i], g[i]);
            m[i] = next;
            w[i] = Math.fma(minusRate, next, w[i]);
        }
    }

    private static void withNesterov(
            float[] w, float[] m, float[] g, float decay, float momentum, float minusRate, int from, int end) {
        for (int i = from; i < end; i++) {
            float decayed = Math.fma(decay, w[i], g[i]);
            float next = momentum * m[i] + decayed;
            m[i] = next;
            w[i] = Math.fma(minusRate, Math.fma(momentum, next, decayed), w[i]);
        }
    }

    // An interrupt waits for the step: the helpers write to the weights.
    private static boolean await(Future<Boolean> running) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return running.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw new IllegalStateException("an update of weights failed", e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Copies the momentum of the slices to their places in an array as long as the weights.
     *
     * @return whether there is one: not before the first step, and not without momentum
     */
    public boolean copyMomentum(float[] into) {
        if (!hasMomentum) {
            return false;
        }
        for (int i = 0; i < starts.length; i++) {
            Slice slice = slices.get(i);
            System.arraycopy(velocity, starts[i], into, slice.offset(), slice.length());
        }
        return true;
    }

    /** @param momentum of all weights */
    public void restore(float[] momentum) {
        velocity = new float[length];
        hasMomentum = true;
        for (int i = 0; i < starts.length; i++) {
            Slice slice = slices.get(i);
            System.arraycopy(momentum, slice.offset(), velocity, starts[i], slice.length());
        }
    }

    @Override
    public void close() {
        helpers.shutdown();
    }
}
