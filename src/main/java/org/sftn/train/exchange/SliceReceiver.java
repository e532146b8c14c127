package org.sftn.train.exchange;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.apache.spark.network.client.StreamCallbackWithID;

/** Puts a stream of little-endian floats where they belong, however its bytes are cut. */
final class SliceReceiver implements StreamCallbackWithID {
    private final int from;
    private final float[] target;
    private final Slice slice;
    private final Arrivals arrivals;
    private final Arrivals.Counter counter;
    private final ByteBuffer cut = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private int received;

    /** @param slice of the target that the stream fills */
    SliceReceiver(int from, float[] target, Slice slice, Arrivals arrivals, Arrivals.Counter counter) {
        this.from = from;
        this.target = target;
        this.slice = slice;
        this.arrivals = arrivals;
        this.counter = counter;
    }

    @Override
    public String getID() {
        return "slice of rank " + from;
    }

    @Override
    public void onData(String id, ByteBuffer bytes) {
        while (cut.position() > 0 && cut.hasRemaining() && bytes.hasRemaining()) {
            cut.put(bytes.get());
        }
        if (!cut.hasRemaining()) {
            put(cut.flip().asFloatBuffer());
            cut.clear();
        }
        FloatBuffer whole = bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        bytes.position(bytes.position() + whole.remaining() * Float.BYTES);
        put(whole);
        cut.put(bytes);
    }

    private void put(FloatBuffer values) {
        int count = values.remaining();
        if (count > slice.length() - received) {
            throw new PeerException("rank " + from + " sent more than the " + slice.length() + " values of its slice");
        }
        values.get(target, slice.offset() + received, count);
        received += count;
        counter.add(count);
    }

    @Override
    public void onComplete(String id) {
        if (received != slice.length() || cut.position() > 0) {
            arrivals.gone(from, "it sent " + received + " of " + slice.length() + " values");
        }
    }

    @Override
    public void onFailure(String id, Throwable cause) {
        arrivals.gone(from, "its data broke off: " + cause);
    }
}
