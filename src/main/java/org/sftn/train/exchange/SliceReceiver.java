package org.sftn.train.exchange;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.spark.network.client.StreamCallbackWithID;

/** Puts a stream of encoded values where they belong, however its bytes are cut. */
final class SliceReceiver implements StreamCallbackWithID {
    private final int from;
    private final float[] target;
    private final Slice slice;
    private final Encoding encoding;
    private final Arrivals arrivals;
    private final Arrivals.Counter counter;
    /** Of a value whose bytes have not all come. */
    private final ByteBuffer cut;

    private int received;

    /** @param slice of the target that the stream fills */
    SliceReceiver(
            int from, float[] target, Slice slice, Encoding encoding, Arrivals arrivals, Arrivals.Counter counter) {
        this.from = from;
        this.target = target;
        this.slice = slice;
        this.encoding = encoding;
        this.cut = ByteBuffer.allocate(encoding.bytes()).order(ByteOrder.LITTLE_ENDIAN);
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
            put(cut.flip());
            cut.clear();
        }
        put(bytes.order(ByteOrder.LITTLE_ENDIAN));
        cut.put(bytes);
    }

    private void put(ByteBuffer bytes) {
        int count = bytes.remaining() / encoding.bytes();
        if (count > slice.length() - received) {
            throw new PeerException("rank " + from + " sent more than the " + slice.length() + " values of its slice");
        }
        encoding.decode(bytes, target, slice.offset() + received, count);
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
