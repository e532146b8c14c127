package org.sftn.train.exchange;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.spark.network.util.MapConfigProvider;
import org.apache.spark.network.util.TransportConf;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.TestJvm;

class DirectPeersTest {
    private static final byte[] SECRET = {1, 2, 3, 4};

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Peers> open = new ArrayList<>();
    private Duration patience = TestJvm.HANGS;

    @AfterEach
    void stop() {
        open.forEach(Peers::close);
        threads.shutdownNow();
    }

    @ParameterizedTest
    @CsvSource({
        "1, FP32, false",
        "2, FP32, false",
        "3, FP32, false",
        "4, FP32, false",
        "1, BF16, false",
        "2, BF16, false",
        "3, BF16, false",
        "1, FP32, true",
        "2, FP32, true",
        "3, BF16, true"
    })
    void sumsInRankOrderToTheLastBit(int ranks, Encoding encoding, boolean rounded) throws Exception {
        Meeting meeting = new Meeting(ranks);
        List<Callable<Void>> work = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            Member me = new Member(rank, ranks);
            work.add(() -> {
                Peers peers = peers(me, SECRET, meeting);
                ExchangeRounds.check(me, peers, encoding, rounded);
                peers.close();
                return null;
            });
        }
        for (Future<Void> done : threads.invokeAll(work)) {
            done.get();
        }
    }

    @Test
    void aPeerThatClosesIsNoticed() throws Exception {
        List<Future<Exchange>> joined = join(SECRET, SECRET);
        Exchange survivor = joined.get(0).get();
        joined.get(1).get();
        Future<?> waiting = threads.submit(survivor::finish);
        Peers gone = open.get(1);
        gone.close();
        assertThatThrownBy(() -> waiting.get())
                .isInstanceOf(ExecutionException.class)
                .hasRootCauseInstanceOf(PeerException.class)
                .hasMessageContaining("rank 1 is gone");
    }

    @Test
    void aSilentPeerHasFailedAfterTheTimeout() throws Exception {
        patience = Duration.ofSeconds(5);
        List<Future<Exchange>> joined = join(SECRET, SECRET);
        Exchange waiting = joined.get(0).get();
        joined.get(1).get();
        assertThatThrownBy(() -> waiting.finish())
                .isInstanceOf(PeerException.class)
                .hasMessage("rank 1 has said nothing for 5.0 s");
    }

    @Test
    void aStrangerIsRefused() {
        List<Future<Exchange>> joined = join(SECRET, new byte[] {1, 2, 3, 5});
        assertThatThrownBy(() -> joined.get(1).get())
                .hasRootCauseInstanceOf(RuntimeException.class)
                .hasStackTraceContaining("rank 1 cannot connect to rank 0")
                .hasStackTraceContaining("not a peer of this attempt");
    }

    @Test
    void closingFreesWhoWaits() throws Exception {
        List<Future<Exchange>> joined = join(SECRET, SECRET);
        Exchange waiting = joined.get(0).get();
        joined.get(1).get();
        Peers own = open.get(0);
        var unused =
                CompletableFuture.runAsync(own::close, CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS));
        assertThatThrownBy(() -> waiting.finish())
                .isInstanceOf(PeerException.class)
                .hasMessage("the exchange of rank 0 was closed");
    }

    private List<Future<Exchange>> join(byte[]... secrets) {
        Meeting meeting = new Meeting(secrets.length);
        List<Future<Exchange>> joined = new ArrayList<>();
        for (int rank = 0; rank < secrets.length; rank++) {
            Peers peers = peers(new Member(rank, secrets.length), secrets[rank], meeting);
            Exchange exchange = peers.exchange(new float[10], new float[10], Format.EXACT);
            joined.add(threads.submit(() -> {
                peers.join();
                return exchange;
            }));
        }
        return joined;
    }

    private Peers peers(Member me, byte[] secret, Meeting meeting) {
        DirectSettings settings = new DirectSettings(
                new TransportConf("sftn", MapConfigProvider.EMPTY),
                List.of(),
                List.of(),
                "127.0.0.1",
                "127.0.0.1",
                secret,
                patience);
        Peers peers = new DirectPeers(settings, me, own -> meeting.meet(me.rank(), own));
        synchronized (open) {
            open.add(peers);
        }
        return peers;
    }

    /** A meeting of threads. */
    private static final class Meeting {
        private final List<CompletableFuture<Rendezvous.Address>> addresses = new ArrayList<>();

        Meeting(int ranks) {
            for (int rank = 0; rank < ranks; rank++) {
                addresses.add(new CompletableFuture<>());
            }
        }

        List<Rendezvous.Address> meet(int rank, Rendezvous.Address own) {
            addresses.get(rank).complete(own);
            return addresses.stream().map(CompletableFuture::join).toList();
        }
    }
}
