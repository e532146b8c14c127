package org.sftn.data.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.sftn.LocalSpark;

class TaskErrorsTest {
    /** Without it Spark ends this process. */
    @Test
    void aTaskWithoutMemoryFailsItsJobAlone() {
        try (JavaSparkContext spark = LocalSpark.start(1)) {
            assertThatThrownBy(() -> spark.parallelize(List.of(1), 1)
                            .map(number -> TaskErrors.<Integer>within(() -> {
                                throw new OutOfMemoryError("Java heap space");
                            }))
                            .collect())
                    .isInstanceOf(SparkException.class)
                    .hasMessageContaining("java.lang.OutOfMemoryError: Java heap space");
            assertThat(spark.parallelize(List.of(1, 2), 2).count()).isEqualTo(2);
        }
    }

    @Test
    void whatElseIsThrownStaysWhatItIs() throws Exception {
        assertThat(TaskErrors.within(() -> 7)).isEqualTo(7);
        assertThatThrownBy(() -> TaskErrors.within(() -> {
                    throw new IOException("gone");
                }))
                .isInstanceOf(IOException.class)
                .hasMessage("gone");
    }
}
