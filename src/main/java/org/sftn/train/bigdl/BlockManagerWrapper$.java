package org.sftn.train.bigdl;

import java.nio.ByteBuffer;
import org.apache.spark.SparkEnv;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.io.ChunkedByteBuffer;
import org.sftn.shaded.scala.Option;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Spark's blocks for BigDL, with Spark's Scala on one side and BigDL's on the other. It takes the place of BigDL's object of this
 * name, so names and signatures are BigDL's; the build leads BigDL's calls here.
 */
public final class BlockManagerWrapper$ {
    public static final BlockManagerWrapper$ MODULE$ = new BlockManagerWrapper$();

    private BlockManagerWrapper$() {}

    public void putBytes(BlockId id, ByteBuffer bytes, StorageLevel level) {
        blocks().putBytes(id, new ChunkedByteBuffer(new ByteBuffer[] {bytes}), level, true, any());
    }

    public void putSingle(BlockId id, Object value, StorageLevel level, boolean tellMaster) {
        blocks().putSingle(id, value, level, tellMaster, any());
    }

    public boolean putSingle$default$4() {
        return true;
    }

    public void removeBlock(BlockId id) {
        blocks().removeBlock(id, true);
    }

    public Option<BlockResult> getLocal(BlockId id) {
        scala.Option<org.apache.spark.storage.BlockResult> found = blocks().getLocalValues(id);
        return found.isEmpty()
                ? Option.empty()
                : Option.apply(new BlockResult(found.get().data()));
    }

    public Option<ByteBuffer> getLocalBytes(BlockId id) {
        scala.Option<org.apache.spark.storage.BlockData> found = blocks().getLocalBytes(id);
        return found.isEmpty() ? Option.empty() : Option.apply(found.get().toByteBuffer());
    }

    public Option<ByteBuffer> getLocalOrRemoteBytes(BlockId id) {
        Option<ByteBuffer> local = getLocalBytes(id);
        if (local.isDefined()) {
            return local;
        }
        scala.Option<ChunkedByteBuffer> found = blocks().getRemoteBytes(id);
        return found.isEmpty() ? Option.empty() : Option.apply(found.get().toByteBuffer());
    }

    public void unlock(BlockId id) {
        // One that was fetched from another executor is not here.
        if (blocks().blockInfoManager().get(id).isDefined()) {
            blocks().releaseLock(id, scala.Option.apply(null));
        }
    }

    private static BlockManager blocks() {
        return SparkEnv.get().blockManager();
    }

    private static ClassTag<Object> any() {
        return ClassTag$.MODULE$.apply(Object.class);
    }
}
