package org.sftn.train;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.sftn.train.exchange.Slice;

/**
 * SGD on a slice of the weights, with momentum without dampening: {@code g += decay w}; {@code m = momentum m + g}, the first
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
    private final Slice slice;
    private final float momentum;
    private final boolean nesterov;
    private final WeightDecay decay;
    private final int parts;
    private final ExecutorService helpers;
    private float[] velocity = {};

    /**
     * @param weights live: {@link #step} updates the slice and nothing else
     * @param momentum in [0, 1)
     * @param nesterov needs a momentum above 0
     * @param decay of the weights at their places
     * @param threads that may work at the same time, at least 1; the caller's is one of them, the others sleep between steps
     */
    public Sgd(float[] weights, Slice slice, double momentum, boolean nesterov, WeightDecay decay, int threads) {
        this.weights = weights;
        this.slice = slice;
        this.momentum = (float) momentum;
        this.nesterov = nesterov;
        this.decay = decay;
        this.parts = Math.max(1, Math.min(threads, slice.length() / SMALLEST_PART));
        this.helpers = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "sgd");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * @param gradient of the slice; only read
     * @param rate the learning rate of this step
     * @return whether all weights of the slice are finite now
     */
    public boolean step(float[] gradient, double rate) {
        if (momentum != 0 && velocity.length == 0) {
            velocity = new float[slice.length()];
        }
        float minusRate = (float) -rate;
        List<Future<Boolean>> running = new ArrayList<>();
        for (int part = 1; part < parts; part++) {
            Slice range = Slice.of(slice.length(), part, parts);
            running.add(helpers.submit(() -> update(gradient, minusRate, range)));
        }
        boolean finite = update(gradient, minusRate, Slice.of(slice.length(), 0, parts));
        for (Future<Boolean> part : running) {
            finite &= await(part);
        }
        return finite;
    }

    private boolean update(float[] gradient, float minusRate, Slice range) {
        float[][] copy = new float[3][BLOCK];
        float[] zeros = new float[BLOCK];
        int from = range.offset();
        int end = range.offset() + range.length();
        for (WeightDecay.Run run : decay.runs()) {
            int to = Math.min(end, run.end() - slice.offset());
            if (from < to) {
                update(gradient, run.decay(), minusRate, from, to, copy, zeros);
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

    private void update(
            float[] gradient, float decay, float minusRate, int first, int end, float[][] copy, float[] zeros) {
        int offset = slice.offset();
        for (int from = first; from < end; from += BLOCK) {
            int count = Math.min(BLOCK, end - from);
            if (offset == 0) {
                update(weights, velocity, gradient, decay, minusRate, from, from + count);
                System.arraycopy(weights, from, copy[0], 0, count);
                addZeroTimes(copy[0], zeros, count);
                continue;
            }
            System.arraycopy(weights, offset + from, copy[0], 0, count);
            System.arraycopy(gradient, from, copy[2], 0, count);
            if (momentum != 0) {
                System.arraycopy(velocity, from, copy[1], 0, count);
            }
            update(copy[0], copy[1], copy[2], decay, minusRate, 0, count);
            addZeroTimes(copy[0], zeros, count);
            System.arraycopy(copy[0], 0, weights, offset + from, count);
            if (momentum != 0) {
                System.arraycopy(copy[1], 0, velocity, from, count);
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

    /** A sum stays 0 as long as what is added to it is finite; it costs one instruction for each vector of weights. */
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

    /** The momentum of the slice, live; empty before the first step, and without momentum. */
    public float[] momentum() {
        return velocity;
    }

    /**
     * @param momentum as from {@link #momentum}, of the same slice
     * @throws IllegalArgumentException when it is of another length
     */
    public void restore(float[] momentum) {
        if (momentum.length != 0 && momentum.length != slice.length()) {
            throw new IllegalArgumentException(
                    "a momentum of " + momentum.length + " values does not fit a slice of " + slice.length());
        }
        velocity = momentum.clone();
    }

    @Override
    public void close() {
        helpers.shutdown();
    }
}
