package org.sftn.train.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.spark.network.buffer.NettyManagedBuffer;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.protocol.OneWayMessage;

/** The way to one peer. Frames: exchange, phase, offset (little-endian ints), then floats. */
final class Outbox implements AutoCloseable {
    /** The most values of a frame. */
    static final int CHUNK = 1 << 16;

    static final int HEADER = 12;

    // Bounds the memory that waits for a slow peer to 4 MB.
    private static final int PENDING = 16;

    private final int rank;
    private final TransportClient client;
    private final Arrivals arrivals;
    private final Duration timeout;
    private final Semaphore free = new Semaphore(PENDING);

    Outbox(int rank, TransportClient client, Arrivals arrivals, Duration timeout) {
        this.rank = rank;
        this.client = client;
        this.arrivals = arrivals;
        this.timeout = timeout;
    }

    /** Hands a frame to the connection; {@link #flush} sends it. */
    void send(int exchange, DirectExchange.Phase phase, float[] values, int offset, int count) {
        if (!free.tryAcquire()) {
            flush();
            acquire(1);
        }
        arrivals.check(rank);
        Channel channel = client.getChannel();
        ByteBuf frame = channel.alloc().directBuffer(HEADER + 4 * count);
        frame.writeIntLE(exchange).writeIntLE(phase.ordinal()).writeIntLE(offset);
        frame.nioBuffer(HEADER, 4 * count).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values, offset, count);
        frame.writerIndex(HEADER + 4 * count);
        NettyManagedBuffer body = new NettyManagedBuffer(frame);
        channel.write(new OneWayMessage(body)).addListener(done -> sent(done));
    }

    private void sent(Future<?> done) {
        free.release();
        if (!done.isSuccess()) {
            arrivals.gone(rank, "sending failed: " + done.cause());
        }
    }

    void flush() {
        client.getChannel().flush();
    }

    /** Waits until the operating system has taken everything. */
    void drain() {
        flush();
        acquire(PENDING);
        free.release(PENDING);
    }

    private void acquire(int permits) {
        try {
            if (!free.tryAcquire(permits, timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new PeerException("rank " + rank + " has taken nothing for " + timeout.toMillis() / 1000.0 + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PeerException("interrupted while sending to rank " + rank, e);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
