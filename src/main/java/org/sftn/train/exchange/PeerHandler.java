package org.sftn.train.exchange;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.StreamCallbackWithID;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.server.OneForOneStreamManager;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.StreamManager;

/** Takes what peers send. Called by the transport's threads, for one connection by one thread at a time. */
final class PeerHandler extends RpcHandler {
    private final byte[] secret;
    private final Member me;
    private final List<DirectExchange> exchanges;
    private final Arrivals arrivals;
    private final StreamManager streams = new OneForOneStreamManager();
    private final Map<TransportClient, Integer> ranks = new ConcurrentHashMap<>();

    PeerHandler(byte[] secret, Member me, List<DirectExchange> exchanges, Arrivals arrivals) {
        this.secret = secret.clone();
        this.me = me;
        this.exchanges = exchanges;
        this.arrivals = arrivals;
    }

    /** The first message on a connection. */
    static ByteBuffer hello(byte[] secret, int rank) {
        return ByteBuffer.allocate(4 + secret.length).putInt(rank).put(secret).flip();
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback callback) {
        if (message.remaining() == 4 + secret.length) {
            int rank = message.getInt();
            byte[] shown = new byte[secret.length];
            message.get(shown);
            boolean known = MessageDigest.isEqual(secret, shown) && rank >= 0 && rank < me.ranks() && rank != me.rank();
            if (known && !ranks.containsValue(rank)) {
                ranks.put(client, rank);
                callback.onSuccess(ByteBuffer.allocate(0));
                return;
            }
        }
        callback.onFailure(new SecurityException("not a peer of this attempt"));
    }

    @Override
    public StreamCallbackWithID receiveStream(TransportClient client, ByteBuffer head, RpcResponseCallback callback) {
        Integer rank = ranks.get(client);
        if (rank == null) {
            throw new SecurityException("not a peer of this attempt");
        }
        DirectExchange exchange = exchanges.get(head.getInt());
        return exchange.receive(rank, DirectExchange.Phase.values()[head.getInt()], head.getInt());
    }

    @Override
    public void channelInactive(TransportClient client) {
        Integer rank = ranks.get(client);
        if (rank != null) {
            arrivals.gone(rank, "it has closed the connection");
        }
    }

    @Override
    public void exceptionCaught(Throwable cause, TransportClient client) {
        Integer rank = ranks.get(client);
        if (rank != null) {
            arrivals.gone(rank, cause.toString());
        }
    }

    @Override
    public StreamManager getStreamManager() {
        return streams;
    }
}
