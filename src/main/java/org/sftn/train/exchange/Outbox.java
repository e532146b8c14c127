package org.sftn.train.exchange;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.apache.spark.network.buffer.NioManagedBuffer;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;

/** The way to one peer. A message: exchange, phase and bucket as ints, then the values of a slice as a stream. */
final class Outbox implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 18;

    private final int rank;
    private final TransportClient client;
    private final Arrivals arrivals;
    private final Arrivals.Counter taken;
    private final ByteBuffer scratch = Floats.scratch(CHUNK_BYTES);
    private final Duration timeout;
    private long sent;

    Outbox(int rank, TransportClient client, Arrivals arrivals, Duration timeout) {
        this.rank = rank;
        this.client = client;
        this.arrivals = arrivals;
        this.taken = arrivals.counter(rank);
        this.timeout = timeout;
    }

    /** Waits until the peer has let us in. */
    void sayHello(byte[] secret, int ownRank) {
        client.sendRpcSync(PeerHandler.hello(secret, ownRank), timeout.toMillis());
    }

    /**
     * Returns before it is sent.
     *
     * @param values those of the runs must stay as they are until the peer shows that it has them
     */
    void send(int exchange, DirectExchange.Phase phase, int bucket, float[] values, List<Format.Run> runs) {
        arrivals.check(rank);
        ByteBuffer head = ByteBuffer.allocate(3 * Integer.BYTES)
                .putInt(exchange)
                .putInt(phase.ordinal())
                .putInt(bucket)
                .flip();
        client.uploadStream(new NioManagedBuffer(head), new Floats(values, runs, scratch), new Answer());
        sent++;
    }

    /** Waits until the peer has everything, or has left: then it has all that it needs. */
    void drain() {
        taken.awaitOrGone(sent);
    }

    @Override
    public void close() {
        client.close();
    }

    private final class Answer implements RpcResponseCallback {
        @Override
        public void onSuccess(ByteBuffer response) {
            taken.add(1);
        }

        @Override
        public void onFailure(Throwable e) {
            arrivals.gone(rank, "sending failed: " + e);
        }
    }
}
