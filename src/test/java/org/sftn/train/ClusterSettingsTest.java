package org.sftn.train;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sftn.conf.UserException;

/** Settings of Spark's that never give four executors, and such as do. */
class ClusterSettingsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "yarn             | spark.executor.instances=3 | Spark asks for 3 executors: set spark.executor.instances (on YARN --num-executors) to 4",
                "yarn             |                            | Spark asks for 2 executors: set spark.executor.instances (on YARN --num-executors) to 4",
                "k8s://https://a  | spark.executor.instances=1 | Spark asks for 1 executor: set spark.executor.instances (on YARN --num-executors) to 4",
                "spark://a:7077   | spark.cores.max=3          | Spark may start only 3 executors: spark.cores.max is 3",
                "spark://a:7077   | spark.cores.max=6 spark.executor.cores=2 | Spark may start only 3 executors: spark.cores.max is 6, spark.executor.cores is 2",
            })
    void tooFewAreAMistake(String master, String settings, String message) {
        assertThatThrownBy(() -> Cluster.requirePossible(4, conf(master, settings)))
                .isInstanceOf(UserException.class)
                .hasMessage("training.executors is 4 but " + message);
    }

    @Test
    void anExecutorWithoutRoomForATaskIsAMistake() {
        SparkConf conf = conf("spark://a:7077", "spark.task.cpus=2 spark.executor.cores=1");
        assertThatThrownBy(() -> Cluster.requirePossible(4, conf))
                .isInstanceOf(UserException.class)
                .hasMessage("no executor has room for a task: spark.task.cpus is 2, spark.executor.cores is 1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "yarn           | spark.executor.instances=4",
                "spark://a:7077 | spark.executor.instances=1",
                "spark://a:7077 | spark.cores.max=8 spark.executor.cores=2",
                "spark://a:7077 |",
                "mesos://a      |",
            })
    void whatMayComeIsWaitedFor(String master, String settings) {
        Cluster.requirePossible(4, conf(master, settings));
    }

    private static SparkConf conf(String master, String settings) {
        SparkConf conf = new SparkConf(false).set("spark.master", master);
        if (settings != null) {
            for (String setting : settings.split(" ")) {
                conf.set(setting.split("=")[0], setting.split("=")[1]);
            }
        }
        return conf;
    }
}
