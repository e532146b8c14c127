package org.sftn.train;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.sftn.conf.TrainingSettings.ExchangeKind;
import org.sftn.conf.UserException;
import org.sftn.data.BatchLoader;
import org.sftn.data.RankData;
import org.sftn.data.RankImages;
import org.sftn.data.order.Sampler;
import org.sftn.engine.Engine;
import org.sftn.model.Safetensors;
import org.sftn.nn.Layout;
import org.sftn.nn.Tensor;
import org.sftn.train.bigdl.BigDlPeers;
import org.sftn.train.checkpoint.StorageException;
import org.sftn.train.exchange.DirectPeers;
import org.sftn.train.exchange.Exchange;
import org.sftn.train.exchange.Format;
import org.sftn.train.exchange.Member;
import org.sftn.train.exchange.PeerException;
import org.sftn.train.exchange.Peers;
import org.sftn.train.exchange.Rendezvous;
import org.sftn.train.platform.Platform;
import org.sftn.train.progress.RankReport;
import org.sftn.train.spark.DriverService;
import org.sftn.train.spark.SparkTransport;

/** One rank as a Spark task: opens what a {@link Replica} works with. */
final class TrainingTask {
    private final AttemptPlan plan;

    TrainingTask(AttemptPlan plan) {
        this.plan = plan;
    }

    /** Rank 0 returns the final values as safetensors, the others nothing. */
    Iterator<byte[]> run(Iterator<RankData> train, Iterator<RankData> test) throws IOException, InterruptedException {
        BarrierTaskContext context = BarrierTaskContext.get();
        Member me = new Member(context.partitionId(), plan.training().executors());
        DriverService.Client driver = DriverService.connect(plan.service());
        Peers peers = peers(me, driver);
        Watcher watcher = Watcher.start(context, peers);
        try (peers) {
            return reporting(me, peers, driver, train, test);
        } finally {
            watcher.close();
        }
    }

    private Iterator<byte[]> reporting(
            Member me, Peers peers, DriverService.Client driver, Iterator<RankData> train, Iterator<RankData> test)
            throws IOException, InterruptedException {
        try {
            return train(me, peers, driver, train, test);
        } catch (PeerException | DivergedException e) {
            throw e;
        } catch (UserException e) {
            // Before the exchange is closed, so that it comes before the peers' complaints of that.
            driver.ask(new RankReport.Refused(me.rank(), e.getMessage()));
            throw e;
        } catch (IOException | RuntimeException | Error e) {
            driver.ask(
                    new RankReport.Broken(me.rank(), ExceptionUtils.getStackTrace(e), StorageException.isStorage(e)));
            throw e;
        }
    }

    private Iterator<byte[]> train(
            Member me, Peers peers, DriverService.Client driver, Iterator<RankData> train, Iterator<RankData> test)
            throws IOException, InterruptedException {
        RankImages.Holding holding =
                new RankImages.Holding(plan.data().memoryBytes(), plan.data().shuffleBuffer());
        Engine engine = plan.engines().open(plan.engineCores());
        try (RankImages trainImages =
                        RankImages.open(train, holding, plan.hadoop().value());
                RankImages testImages =
                        RankImages.open(test, holding, plan.hadoop().value());
                Model model = new Model(plan.objective(), engine, plan.localBatch());
                StepLoss loss = plan.objective().open(engine, shard(trainImages))) {
            Platform platform = Platform.of(engine, plan.data().preprocessing());
            driver.ask(new RankReport.Compiled(me.rank(), platform, model.parameterOrder()));
            Batches batches = batches(me, trainImages, testImages, engine.imageLayout());
            Exchange exchange = peers.exchange(
                    model.training().gradients(),
                    model.training().parameters(),
                    Format.of(plan.training().wire(), model.training()));
            Validation validation = validation(me, peers, model, batches);
            peers.join();
            Replica replica = new Replica(plan, me, model, loss, batches, exchange, validation, driver);
            Map<String, Tensor> values = replica.run();
            peers.leave();
            return me.rank() == 0
                    ? List.of(bytes(values)).iterator()
                    : List.<byte[]>of().iterator();
        }
    }

    private RankLabels shard(RankImages images) {
        return new RankLabels(images.indices(), images::labels, plan.localBatch(), plan.seed());
    }

    private Batches batches(Member me, RankImages train, RankImages test, Layout images) {
        Sampler sampler = new Sampler(
                plan.data().trainImages(), plan.training().globalBatch(), me.rank(), me.ranks(), plan.seed());
        BatchLoader loader = new BatchLoader(
                plan.data().preprocessing(), images, plan.seed(), plan.data().damaged());
        return new Batches(
                sampler, train, test, loader, plan.localBatch(), plan.training().accumulate(), plan.decodeThreads());
    }

    private static Validation validation(Member me, Peers peers, Model model, Batches batches) {
        float[] own = model.training().statistics();
        float[] statistics = new float[own.length];
        Exchange exchange = own.length == 0 ? null : peers.exchange(own, statistics, Format.EXACT);
        return new Validation(model, batches, me, exchange, statistics);
    }

    private Peers peers(Member me, DriverService.Client driver) {
        Rendezvous rendezvous = address -> meet(driver, me, address);
        if (plan.training().exchange() == ExchangeKind.BIGDL) {
            // Its blocks find each other without addresses; the driver wants to see who shares an executor.
            rendezvous.meet(new Rendezvous.Address("", 0));
            return new BigDlPeers(
                    plan.exchangeId(), me, () -> driver.await(new RankReport.AtBarrier(me.rank())), plan.cores());
        }
        return new DirectPeers(
                SparkTransport.settings(
                        SparkEnv.get(), plan.secret(), plan.training().peerTimeout(), plan.cores()),
                me,
                rendezvous);
    }

    @SuppressWarnings("unchecked")
    private static List<Rendezvous.Address> meet(DriverService.Client driver, Member me, Rendezvous.Address own) {
        return (List<Rendezvous.Address>)
                driver.await(new RankReport.Here(me.rank(), SparkEnv.get().executorId(), own));
    }

    private static byte[] bytes(Map<String, Tensor> values) throws IOException {
        Safetensors file = new Safetensors(values, Map.of());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(Math.toIntExact(file.estimatedBytes()));
        file.write(bytes);
        return bytes.toByteArray();
    }
}
