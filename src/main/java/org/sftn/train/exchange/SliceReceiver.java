package org.sftn.train.exchange;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.apache.spark.network.client.StreamCallbackWithID;

/** Puts a stream of encoded values where they belong, however its bytes are cut. */
final class SliceReceiver implements StreamCallbackWithID {
    private final int from;
    private final float[] target;
    private final List<Format.Run> runs;
    private final Arrivals arrivals;
    private final Arrivals.Counter counter;
    /** Of a value whose bytes have not all come. */
    private final ByteBuffer cut = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    /** Runs that have come. */
    private int received;
    /** Values of the next one that have come, too. */
    private int begun;

    /** @param runs of the target that the stream fills */
    SliceReceiver(int from, float[] target, List<Format.Run> runs, Arrivals arrivals, Arrivals.Counter counter) {
        this.from = from;
        this.target = target;
        this.runs = runs;
        this.arrivals = arrivals;
        this.counter = counter;
    }

    @Override
    public String getID() {
        return "slice of rank " + from;
    }

    @Override
    public void onData(String id, ByteBuffer bytes) {
        bytes.order(ByteOrder.LITTLE_ENDIAN);
        int count = 0;
        while (bytes.hasRemaining()) {
            if (received == runs.size()) {
                throw new PeerException("rank " + from + " sent more than the " + length() + " values of its slice");
            }
            Format.Run run = runs.get(received);
            int width = run.encoding().bytes();
            if (cut.position() == 0 && bytes.remaining() >= width) {
                count += put(run, bytes);
            } else {
                cut.put(bytes.get());
                if (cut.position() == width) {
                    count += put(run, cut.flip());
                    cut.clear();
                }
            }
        }
        counter.add(count);
    }

    private int put(Format.Run run, ByteBuffer bytes) {
        int count = Math.min(bytes.remaining() / run.encoding().bytes(), run.length() - begun);
        run.encoding().decode(bytes, target, run.offset() + begun, count);
        begun += count;
        if (begun == run.length()) {
            received++;
            begun = 0;
        }
        return count;
    }

    private int length() {
        return runs.stream().mapToInt(Format.Run::length).sum();
    }

    @Override
    public void onComplete(String id) {
        if (received < runs.size()) {
            int came = begun
                    + runs.subList(0, received).stream()
                            .mapToInt(Format.Run::length)
                            .sum();
            arrivals.gone(from, "it sent " + came + " of " + length() + " values");
        }
    }

    @Override
    public void onFailure(String id, Throwable cause) {
        arrivals.gone(from, "its data broke off: " + cause);
    }
}
