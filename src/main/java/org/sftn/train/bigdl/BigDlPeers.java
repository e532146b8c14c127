package org.sftn.train.bigdl;

import com.intel.analytics.bigdl.utils.Engine$;
import java.util.ArrayList;
import java.util.List;
import org.sftn.conf.UserException;
import org.sftn.engine.mkl.MklLibrary;
import org.sftn.train.exchange.Encoding;
import org.sftn.train.exchange.Exchange;
import org.sftn.train.exchange.Format;
import org.sftn.train.exchange.Member;
import org.sftn.train.exchange.PeerException;
import org.sftn.train.exchange.Peers;

/** The ranks as BigDL's {@code AllReduceParameter} joins them: through blocks of Spark's block managers. */
public final class BigDlPeers implements Peers {
    private final long id;
    private final Member me;
    private final Runnable barrier;
    private final List<BigDlExchange> exchanges = new ArrayList<>();

    /**
     * Must be made in the rank's own Spark task.
     *
     * @param id not used by any attempt before: blocks of an old one would silently be taken for new
     * @param barrier waits until all ranks are there
     * @param cores threads for copying
     * @throws UserException when BigDL's native library cannot be loaded on this machine
     */
    public BigDlPeers(long id, Member me, Runnable barrier, int cores) {
        // BigDL's engine loads it, too, and says less.
        MklLibrary.require();
        this.id = id;
        this.me = me;
        this.barrier = () -> wait(barrier);
        synchronized (Engine$.MODULE$) {
            if (!isEngineStarted()) {
                Engine$.MODULE$.setNodeAndCore(me.ranks(), cores);
            }
        }
    }

    private static boolean isEngineStarted() {
        try {
            return Engine$.MODULE$.coreNumber() > 0;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private void wait(Runnable barrier) {
        try {
            barrier.run();
        } catch (RuntimeException e) {
            throw new PeerException("rank " + me.rank() + " cannot wait for its peers", e);
        }
    }

    /**
     * The shared array travels as it is.
     *
     * @throws IllegalArgumentException when values are to be encoded otherwise than as floats
     */
    @Override
    public Exchange exchange(float[] values, float[] shared, Format format) {
        if (format.summed() != Encoding.FP32) {
            throw new IllegalArgumentException("BigDL's parameter cannot send " + format.summed());
        }
        BigDlExchange exchange = new BigDlExchange(id + exchanges.size(), me, values, shared, barrier);
        exchanges.add(exchange);
        return exchange;
    }

    @Override
    public void join() {
        barrier.run();
    }

    @Override
    public void leave() {
        barrier.run();
        close();
    }

    @Override
    public void close() {
        exchanges.forEach(BigDlExchange::dropBlocks);
    }
}
