package org.sftn.engine;

import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.sftn.conf.EngineSettings;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.nn.Add;
import org.sftn.nn.BatchNorm;
import org.sftn.nn.Convolution;
import org.sftn.nn.GlobalAveragePool;
import org.sftn.nn.Network;
import org.sftn.nn.Relu;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;

/**
 * Milliseconds of the operations that a training step spends most of its time in, through the engine's public interface, on all
 * cores. Run by hand, on a quiet machine; JMH's options choose engine, precision and operation:
 *
 * <pre>
 * mvn -q test-compile dependency:build-classpath -Dmdep.outputFile=target/test-classpath
 * java -cp target/test-classes:target/classes:$(cat target/test-classpath) org.openjdk.jmh.Main OperationsBenchmark \
 *     -p engine=bigdl -p precision=FP32 -p operation=CONVOLUTION_3X3_64
 * </pre>
 *
 * An operation is repeated in a row, between a batch-norm and a pooling: the batch-norm makes the first one pass its gradient on as the
 * others do, and the pooling's few values leave the engine in place of feature maps. The time is that of one of the row, so it
 * holds an {@value #REPETITIONS}th of both.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@OperationsPerInvocation(OperationsBenchmark.REPETITIONS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(1)
public class OperationsBenchmark {
    static final int REPETITIONS = 8;

    /** What is measured. */
    public enum Operation {
        CONVOLUTION_3X3_64(64, 64, 32),
        CONVOLUTION_3X3_128(64, 128, 16),
        CONVOLUTION_3X3_256(64, 256, 8),
        /** From 256 to 64 channels and from 64 to 256 in turns: the mean of the two. */
        CONVOLUTION_1X1_256_64(16, 256, 56),
        BATCH_NORM_RELU(64, 64, 32),
        ADD_RELU(64, 64, 32);

        private final int batch;
        private final int channels;
        private final int size;

        Operation(int batch, int channels, int size) {
            this.batch = batch;
            this.channels = channels;
            this.size = size;
        }

        private Network network() {
            Network.Builder builder = Network.builder();
            String input = builder.input(Taps.IMAGE, Shape.of(channels, size, size));
            String first = builder.add("first", new BatchNorm(channels), input);
            String value = first;
            for (int i = 0; i < REPETITIONS; i++) {
                value = add(builder, i, value, first);
            }
            return builder.tap(Taps.POOLED, builder.add("pool", new GlobalAveragePool(), value))
                    .build();
        }

        private String add(Network.Builder builder, int i, String value, String first) {
            return switch (this) {
                case CONVOLUTION_3X3_64, CONVOLUTION_3X3_128, CONVOLUTION_3X3_256 ->
                    builder.add("conv" + i, Convolution.same(channels, channels, 3, 1), value);
                case CONVOLUTION_1X1_256_64 ->
                    builder.add(
                            "conv" + i,
                            i % 2 == 0
                                    ? Convolution.same(channels, channels / 4, 1, 1)
                                    : Convolution.same(channels / 4, channels, 1, 1),
                            value);
                case BATCH_NORM_RELU ->
                    builder.add("relu" + i, new Relu(), builder.add("bn" + i, new BatchNorm(channels), value));
                case ADD_RELU -> builder.add("relu" + i, new Relu(), builder.add("add" + i, new Add(), value, first));
            };
        }
    }

    @Param("bigdl")
    private String engine;

    @Param("FP32")
    private Precision precision;

    @Param
    private Operation operation;

    private TrainingExecutable executable;
    private Map<String, Tensor> inputs;
    private Map<String, Tensor> gradients;

    @Setup
    public void compile() {
        Network network = operation.network();
        Engine made = Engines.create(
                new EngineSettings(engine, precision, 0), Runtime.getRuntime().availableProcessors());
        executable = made.compileForTraining(network, Set.of(Taps.POOLED), operation.batch);
        executable.load(network.initialValues(1));
        Tensor images = noise(network.inputs().get(Taps.IMAGE).batched(operation.batch));
        inputs = Map.of(Taps.IMAGE, new Tensor(images.shape(), images.values(), made.imageLayout()));
        gradients = Map.of(Taps.POOLED, noise(network.tapShape(Taps.POOLED).batched(operation.batch)));
    }

    @TearDown
    public void close() {
        executable.close();
    }

    @Benchmark
    public Object forward() {
        return executable.forward(inputs);
    }

    @Benchmark
    public Object forwardAndBackward() {
        executable.forward(inputs);
        executable.backward(gradients);
        return executable.gradients();
    }

    private static Tensor noise(Shape shape) {
        Random random = new Random(1);
        Tensor tensor = Tensor.zeros(shape);
        for (int i = 0; i < tensor.values().length; i++) {
            tensor.values()[i] = (float) random.nextGaussian();
        }
        return tensor;
    }
}
