package org.sftn.train.bigdl;

import com.intel.analytics.bigdl.parameters.AllReduceParameter;
import com.intel.analytics.bigdl.tensor.Tensor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Objects;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.sparkExtension.SparkExtension;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockInfo;
import org.apache.spark.storage.BlockInfoManager;
import org.apache.spark.storage.BlockManager;
import org.jspecify.annotations.Nullable;
import org.sftn.train.exchange.Buckets;
import org.sftn.train.exchange.Exchange;
import org.sftn.train.exchange.Member;
import org.sftn.train.exchange.PeerException;
import org.sftn.train.exchange.Slice;
import scala.Option;

/**
 * Sums through {@link AllReduceParameter}, uncompressed. It only logs a fetch that failed, or one of an old block, and goes on
 * with what it has; so every slice carries one value more that tells the round, checked on both ways.
 */
final class BigDlExchange implements Exchange {
    // Sums of it over thousands of ranks are exact in fp32.
    private static final int ROUND_MARKS = 4096;

    private final long id;
    private final Member me;
    private final float[] values;
    private final float[] shared;
    private final Slice own;
    private final Runnable barrier;
    private final float[] marked;
    private final Tensor<Object> view;
    private final AllReduceParameter<Object> parameter;
    private final BlockManager blocks = SparkEnv.get().blockManager();
    private final long task = TaskContext.get().taskAttemptId();
    private int round;
    /** Of the last round that has begun; null before the first. */
    private @Nullable Update update;

    BigDlExchange(long id, Member me, float[] values, float[] shared, Runnable barrier) {
        this.id = id;
        this.me = me;
        this.values = values;
        this.shared = shared;
        this.own = me.slice(shared.length);
        this.barrier = barrier;
        this.marked = new float[shared.length + me.ranks()];
        this.view = BigDl.view(marked);
        this.parameter = inTask(
                new AllReduceParameter<>(id, me.ranks(), marked.length, 1, "none", BigDl.floats(), BigDl.numeric()));
        parameter.init(view, BigDl.numeric());
    }

    // Its partition is known only to a parameter that was deserialized in its task; the bytes never leave this method.
    @SuppressWarnings("unchecked")
    private static AllReduceParameter<Object> inTask(AllReduceParameter<Object> parameter) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
                out.writeObject(parameter);
            }
            try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
                return (AllReduceParameter<Object>) in.readObject();
            }
        } catch (IOException | ClassNotFoundException e) {
            throw new IllegalStateException("BigDL's parameter cannot be copied", e);
        }
    }

    @Override
    public Buckets buckets() {
        return Buckets.one(shared.length, me.ranks());
    }

    @Override
    public void begin(Update update) {
        this.update = update;
    }

    /** BigDL's parameter is exchanged as a whole. */
    @Override
    public void ready(int count) {}

    @Override
    public void finish() {
        reduce();
        gather(shared);
    }

    private void reduce() {
        round++;
        mark();
        parameter.putGradients(view);
        barrier.run();
        parameter.aggregateGradientPartition(1);
        float[] slice = BigDl.array(parameter.gradientPartition());
        check(slice[own.length()], me.ranks() * roundMark(), "gradients for rank " + me.rank());
        Objects.requireNonNull(update).apply(0, slice);
    }

    @Override
    public void gather() {
        // Until all have fetched what was there before.
        barrier.run();
        round++;
        gather(values);
    }

    /** Fills an array with its slices from all ranks. */
    /** It is exact always. */
    @Override
    public void gatherShared() {}

    private void gather(float[] array) {
        float[] slice = BigDl.array(parameter.weightPartition());
        System.arraycopy(array, own.offset(), slice, 0, own.length());
        slice[own.length()] = roundMark();
        parameter.sendWeightPartition();
        barrier.run();
        try {
            parameter.getWeights(view).waitResult();
        } catch (RuntimeException e) {
            throw new PeerException("rank " + me.rank() + " cannot fetch its peers' slices", e);
        }
        for (int rank = 0; rank < me.ranks(); rank++) {
            Slice its = Slice.of(array.length, rank, me.ranks());
            check(marked[its.offset() + rank + its.length()], roundMark(), "slices of rank " + rank);
            System.arraycopy(marked, its.offset() + rank, array, its.offset(), its.length());
        }
    }

    private void mark() {
        for (int rank = 0; rank < me.ranks(); rank++) {
            Slice slice = Slice.of(shared.length, rank, me.ranks());
            System.arraycopy(values, slice.offset(), marked, slice.offset() + rank, slice.length());
            marked[slice.offset() + rank + slice.length()] = roundMark();
        }
    }

    private float roundMark() {
        return round % ROUND_MARKS + 1;
    }

    private static void check(float found, float expected, String what) {
        if (found != expected) {
            throw new PeerException(
                    "the " + what + " are incomplete or old: their mark is " + found + ", not " + expected);
        }
    }

    /** Frees what this rank put; a second call does nothing. */
    void dropBlocks() {
        drop(id + "weights" + me.rank(), task);
        drop(id + "gradients" + me.rank(), task);
        drop(id + "weightBytes" + me.rank(), task);
        for (int rank = 0; rank < me.ranks(); rank++) {
            drop(id + "_" + rank + "gradientBytes" + me.rank(), BlockInfo.NON_TASK_WRITER());
        }
    }

    // AllReduceParameter never releases the read locks of its own blocks, and the removal of a locked block waits for
    // ever.
    private void drop(String name, long lockOwner) {
        BlockId block = SparkExtension.getLocalBlockId(name);
        BlockInfoManager locks = blocks.blockInfoManager();
        Option<BlockInfo> info = locks.get(block);
        while (info.isDefined() && info.get().readerCount() > 0) {
            locks.unlock(block, Option.apply(lockOwner));
        }
        if (info.isDefined()) {
            blocks.removeBlock(block, false);
        }
    }
}
