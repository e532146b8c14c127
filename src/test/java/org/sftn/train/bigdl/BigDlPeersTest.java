package org.sftn.train.bigdl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sparkExtension.SparkExtension;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.train.exchange.Exchange;
import org.sftn.train.exchange.ExchangeRounds;
import org.sftn.train.exchange.Member;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BigDlPeersTest {
    private JavaSparkContext spark;

    @BeforeAll
    void start() {
        spark = new JavaSparkContext(
                new SparkConf().setMaster("local[4]").setAppName("exchange").set("spark.ui.enabled", "false"));
    }

    @AfterAll
    void stop() {
        spark.stop();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void sumsInRankOrderToTheLastBitAndDropsItsBlocks(int ranks) {
        long id = 1000L * ranks;
        RDD<Integer> rdd =
                spark.parallelize(Collections.nCopies(ranks, 0), ranks).rdd();
        JavaRDD.fromRDD(
                        rdd.barrier()
                                .mapPartitions(new Rounds(id, ranks), false, ClassTag$.MODULE$.apply(Integer.class)),
                        ClassTag$.MODULE$.apply(Integer.class))
                .collect();
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

    private static final class Rounds
            extends AbstractFunction1<scala.collection.Iterator<Integer>, scala.collection.Iterator<Integer>>
            implements Serializable {
        private static final long serialVersionUID = 1L;

        private final long id;
        private final int ranks;

        Rounds(long id, int ranks) {
            this.id = id;
            this.ranks = ranks;
        }

        @Override
        public scala.collection.Iterator<Integer> apply(scala.collection.Iterator<Integer> partition) {
            BarrierTaskContext context = BarrierTaskContext.get();
            Member me = new Member(context.partitionId(), ranks);
            BigDlPeers peers = new BigDlPeers(id, me, context::barrier, 1);
            List<float[]> shared = new ArrayList<>();
            List<Exchange> exchanges = new ArrayList<>();
            for (int size : ExchangeRounds.SIZES) {
                float[] array = new float[size];
                shared.add(array);
                exchanges.add(peers.exchange(array));
            }
            peers.join();
            for (int i = 0; i < shared.size(); i++) {
                ExchangeRounds.check(me, exchanges.get(i), shared.get(i));
            }
            peers.leave();
            Iterator<Integer> none = Collections.emptyIterator();
            return scala.collection.JavaConverters.asScalaIteratorConverter(none)
                    .asScala();
        }
    }
}
