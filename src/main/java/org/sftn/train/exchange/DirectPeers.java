package org.sftn.train.exchange;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.spark.network.TransportContext;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.server.TransportServer;

/**
 * A full mesh over Spark's own transport, with its authentication and encryption. Each rank listens and connects to every
 * other; a connection carries data one way. A new connection must first show the attempt's secret.
 */
public final class DirectPeers implements Peers {
    private final DirectSettings settings;
    private final Member me;
    private final Rendezvous rendezvous;
    private final Arrivals arrivals;
    private final Outbox[] outboxes;
    private final List<DirectExchange> exchanges = new CopyOnWriteArrayList<>();
    private final List<AutoCloseable> opened = new ArrayList<>();
    private boolean closed;

    public DirectPeers(DirectSettings settings, Member me, Rendezvous rendezvous) {
        this.settings = settings;
        this.me = me;
        this.rendezvous = rendezvous;
        this.arrivals = new Arrivals(me.ranks(), settings.timeout());
        this.outboxes = new Outbox[me.ranks()];
    }

    @Override
    public Exchange exchange(float[] values, float[] shared, Format format) {
        DirectExchange exchange = new DirectExchange(exchanges.size(), me, values, shared, format, outboxes, arrivals);
        exchanges.add(exchange);
        return exchange;
    }

    @Override
    public void join() {
        if (me.ranks() == 1) {
            return;
        }
        TransportContext context =
                new TransportContext(settings.conf(), new PeerHandler(settings.secret(), me, exchanges, arrivals));
        TransportServer server = keep(context.createServer(settings.bind(), 0, settings.serverBootstraps()));
        TransportClientFactory clients = keep(context.createClientFactory(settings.clientBootstraps()));
        List<Rendezvous.Address> addresses = rendezvous.meet(new Rendezvous.Address(settings.host(), server.getPort()));
        for (int rank = 0; rank < me.ranks(); rank++) {
            if (rank != me.rank()) {
                outboxes[rank] = connect(clients, rank, addresses.get(rank));
            }
        }
    }

    private Outbox connect(TransportClientFactory clients, int rank, Rendezvous.Address address) {
        try {
            TransportClient client = clients.createUnmanagedClient(address.host(), address.port());
            Outbox outbox = keep(new Outbox(rank, client, arrivals, settings.timeout()));
            outbox.sayHello(settings.secret(), me.rank());
            return outbox;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PeerException("interrupted while connecting to rank " + rank, e);
        } catch (Exception e) {
            throw new PeerException(
                    "rank " + me.rank() + " cannot connect to rank " + rank + " at " + address.host() + ":"
                            + address.port(),
                    e);
        }
    }

    private synchronized <T extends AutoCloseable> T keep(T resource) {
        opened.add(resource);
        if (closed) {
            close();
            arrivals.check(me.rank());
        }
        return resource;
    }

    @Override
    public void leave() {
        for (Outbox outbox : outboxes) {
            if (outbox != null) {
                outbox.drain();
            }
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        arrivals.close("the exchange of rank " + me.rank() + " was closed");
        for (int i = opened.size() - 1; i >= 0; i--) {
            try {
                opened.get(i).close();
            } catch (Exception e) {
                throw new PeerException("the exchange of rank " + me.rank() + " cannot be closed", e);
            }
        }
        opened.clear();
    }
}
