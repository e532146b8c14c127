package org.sftn.train.bigdl;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sparkExtension.SparkExtension;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.LocalSpark;
import org.sftn.train.exchange.Encoding;
import org.sftn.train.exchange.ExchangeRounds;
import org.sftn.train.exchange.Member;
import org.sftn.train.spark.Barriers;
import org.sftn.train.spark.DriverBarrier;
import org.sftn.train.spark.DriverService;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BigDlPeersTest {
    private static final String BARRIER = "barrier";

    private JavaSparkContext spark;

    @BeforeAll
    void start() {
        spark = LocalSpark.start(4);
    }

    @AfterAll
    void stop() {
        spark.stop();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void sumsInRankOrderToTheLastBitAndDropsItsBlocks(int ranks) {
        long id = 1000L * ranks;
        JavaRDD<Integer> partitions = spark.parallelize(Collections.nCopies(ranks, 0), ranks);
        DriverBarrier barrier = new DriverBarrier(ranks);
        try (DriverService driver = DriverService.start(BARRIER, question -> barrier.await())) {
            Barriers.of(partitions, Integer.class)
                    .mapPartitions(partition -> rounds(id, ranks))
                    .collect();
        }
        List<String> left = new ArrayList<>();
        for (int i = 0; i < ExchangeRounds.SIZES.length; i++) {
            for (int rank = 0; rank < ranks; rank++) {
                for (String name : List.of(
                        rank + "gradientBytes0",
                        "_0gradientBytes" + rank,
                        "weightBytes" + rank,
                        "weights" + rank,
                        "gradients" + rank)) {
                    if (SparkEnv.get()
                            .blockManager()
                            .getStatus(SparkExtension.getLocalBlockId((id + i) + name))
                            .isDefined()) {
                        left.add(name);
                    }
                }
            }
        }
        assertThat(left).isEmpty();
    }

    private static Iterator<Integer> rounds(long id, int ranks) {
        BarrierTaskContext context = BarrierTaskContext.get();
        Member me = new Member(context.partitionId(), ranks);
        DriverService.Client driver = DriverService.connect(BARRIER);
        BigDlPeers peers = new BigDlPeers(id, me, () -> driver.await(me.rank()), 1);
        ExchangeRounds.check(me, peers, Encoding.FP32, false);
        return Collections.emptyIterator();
    }
}
