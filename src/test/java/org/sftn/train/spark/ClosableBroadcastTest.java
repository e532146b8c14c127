package org.sftn.train.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.junit.jupiter.api.Test;
import org.sftn.LocalSpark;

class ClosableBroadcastTest {
    @Test
    void nobodyHasItOnceItIsClosed() {
        try (JavaSparkContext spark = LocalSpark.start(1)) {
            Broadcast<String> value;
            try (ClosableBroadcast<String> sent = new ClosableBroadcast<>(spark, "a")) {
                value = sent.value();
                assertThat(value.value()).isEqualTo("a");
            }
            assertThatThrownBy(value::value).isInstanceOf(SparkException.class);
        }
    }

    @Test
    void aSparkThatHasStoppedIsLeftAlone() {
        JavaSparkContext spark = LocalSpark.start(1);
        ClosableBroadcast<String> sent = new ClosableBroadcast<>(spark, "a");
        spark.stop();

        assertThatCode(sent::close).doesNotThrowAnyException();
    }
}
