package org.sftn;

import static org.assertj.core.api.Assertions.assertThat;

import com.intel.analytics.bigdl.nn.Linear;
import com.intel.analytics.bigdl.tensor.Tensor;
import com.intel.analytics.bigdl.tensor.Tensor$;
import com.intel.analytics.bigdl.tensor.TensorNumericMath;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.engine.bigdl.MklLibrary;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** Spark 2.4 and BigDL 0.13 were made for Java 8; pom.xml holds what makes them run on a newer JDK. */
class SparkOnThisJdkTest {

    record Sample(int label, String name, float[] pixels) implements Serializable {}

    static class Pair {
        int first = 1;
        List<String> second = new ArrayList<>(List.of("a", "b"));
        float[] third = {1, 2};
    }

    private static SparkSession spark;

    @BeforeAll
    static void start() {
        spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", false)
                .config("spark.sql.shuffle.partitions", 2)
                .getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void closuresThatCaptureVariables() {
        int factor = 3;
        JavaRDD<Integer> numbers = context().parallelize(List.of(1, 2, 3, 4), 2);

        assertThat(numbers.map(n -> n * factor).collect()).containsExactly(3, 6, 9, 12);
        assertThat(numbers.take(2)).containsExactly(1, 2);
    }

    @Test
    void recordsThroughAShuffle() {
        List<Sample> samples = List.of(new Sample(1, "cat", new float[] {1, 2}), new Sample(2, "dog", new float[] {3}));

        List<Sample> copies = context().parallelize(samples, 2).repartition(1).collect();

        assertThat(copies).usingRecursiveFieldByFieldElementComparator().containsExactlyInAnyOrderElementsOf(samples);
    }

    // Kryo 4 refuses records ("can't get field offset on a record class"): they need Java serialisation.
    @Test
    void plainClassThroughKryo() {
        var kryo = new KryoSerializer(spark.sparkContext().conf()).newInstance();
        ClassTag<Pair> tag = ClassTag$.MODULE$.apply(Pair.class);
        Pair pair = new Pair();

        Pair copy = kryo.deserialize(kryo.serialize(pair, tag), tag);

        assertThat(copy).usingRecursiveComparison().isEqualTo(pair);
    }

    @Test
    void parquetWriteAndRead(@TempDir Path directory) {
        StructType schema = new StructType().add("label", DataTypes.IntegerType).add("image", DataTypes.BinaryType);
        List<Row> rows = List.of(RowFactory.create(1, new byte[] {1, 2}), RowFactory.create(2, new byte[] {3}));
        String path = directory.resolve("shards").toString();

        spark.createDataFrame(rows, schema).write().parquet(path);
        Dataset<Row> read = spark.read().parquet(path);

        assertThat(read.groupBy("label").count().orderBy("label").collectAsList())
                .containsExactly(RowFactory.create(1, 1L), RowFactory.create(2, 1L));
        assertThat((byte[]) read.orderBy("label").first().getAs("image")).containsExactly(1, 2);
    }

    @Test
    @SuppressWarnings({"unchecked", "rawtypes"})
    void bigdlLinear() throws ReflectiveOperationException {
        // Else this would choose the kernels for all tests of this JVM.
        MklLibrary.require();
        ClassTag tag = ClassTag$.MODULE$.Float();
        // javac cannot name NumericFloat$: its binary name has a '$' at both ends of a nested object.
        var numeric = (TensorNumericMath.TensorNumeric)
                Class.forName(TensorNumericMath.class.getName() + "$TensorNumeric$NumericFloat$")
                        .getField("MODULE$")
                        .get(null);
        Linear linear = new Linear(3, 2, true, null, null, null, null, null, null, tag, numeric);
        linear.weight().fill(2f);
        linear.bias().fill(1f);
        Tensor input = Tensor$.MODULE$.apply(new int[] {4, 3}, tag, numeric).fill(1f);

        Tensor output = (Tensor) linear.forward(input);

        assertThat((float[]) output.storage().array()).hasSize(8).containsOnly(7f);
    }

    private static JavaSparkContext context() {
        return JavaSparkContext.fromSparkContext(spark.sparkContext());
    }
}
