package org.sftn.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.sftn.TestJvm;
import org.sftn.conf.EngineSettings.Precision;
import org.sftn.engine.Executable;
import org.sftn.engine.Reproducible;
import org.sftn.engine.TrainingExecutable;
import org.sftn.nn.Layout;
import org.sftn.nn.Network;
import org.sftn.nn.Shape;
import org.sftn.nn.Taps;
import org.sftn.nn.Tensor;
import org.sftn.zoo.Zoo;

class OneDnnEngineTest {
    private static final Set<String> LOGITS = Set.of(Taps.LOGITS);
    private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");

    @Test
    void bothLayoutsOfImagesGiveTheSameBits() {
        Network network = network("resnet8", 16);
        Tensor first = Reproducible.tensor("images", Shape.of(5, 3, 16, 16), 4, 0);
        float[] values = new float[first.values().length];
        for (int i = 0; i < values.length; i++) {
            int image = i / (3 * 256);
            int channel = i / 256 % 3;
            int pixel = i % 256;
            values[(image * 256 + pixel) * 3 + channel] = first.values()[i];
        }
        Tensor last = new Tensor(first.shape(), values, Layout.CHANNELS_LAST);
        try (TrainingExecutable training = new OneDnnEngine(Precision.AUTO, 2).compileForTraining(network, LOGITS, 5)) {
            training.load(network.initialValues(1));
            float[] expected = training.forward(Map.of(Taps.IMAGE, first))
                    .get(Taps.LOGITS)
                    .values()
                    .clone();
            assertThat(training.forward(Map.of(Taps.IMAGE, last))
                            .get(Taps.LOGITS)
                            .values())
                    .isEqualTo(expected);
        }
    }

    @Test
    void twoThousandStepsTakeNoMoreMemoryThanTwoHundred() throws IOException {
        Network network = network("resnet8", 8);
        Tensor images = Reproducible.tensor("images", Shape.of(8, 3, 8, 8), 4, 0);
        Tensor gradient = Reproducible.tensor("gradient", Shape.of(8, 5), 1, 0);
        try (TrainingExecutable training = new OneDnnEngine(Precision.AUTO, 1).compileForTraining(network, LOGITS, 8)) {
            training.load(network.initialValues(1));
            long before = 0;
            for (int step = 0; step < 2200; step++) {
                if (step == 200) {
                    before = residentMib();
                }
                training.forward(Map.of(Taps.IMAGE, images));
                training.backward(Map.of(Taps.LOGITS, gradient));
            }
            // The Java heap may grow a little; 20 kB a step would be 40 MiB.
            assertThat(residentMib() - before).isLessThan(40);
        }
    }

    @Test
    void aClosedExecutableHasGivenItsMemoryBack() throws IOException {
        Network network = network("resnet8x4", 32);
        Tensor images = Reproducible.tensor("images", Shape.of(64, 3, 32, 32), 4, 0);
        long before = 0;
        for (int round = 0; round < 12; round++) {
            if (round == 2) {
                before = residentMib();
            }
            try (TrainingExecutable training =
                            new OneDnnEngine(Precision.AUTO, 1).compileForTraining(network, LOGITS, 64);
                    Executable inference =
                            new OneDnnEngine(Precision.AUTO, 1).compileForInference(network, LOGITS, 64)) {
                training.load(network.initialValues(1));
                training.forward(Map.of(Taps.IMAGE, images));
                inference.load(training.save());
                inference.forward(Map.of(Taps.IMAGE, images));
            }
        }
        // Each round uses more than 100 MiB.
        assertThat(residentMib() - before).isLessThan(100);
    }

    @Test
    void memoryThatIsNotThereIsRefusedBeforeItIsTouched() {
        assertThat(FreeMemory.bytes()).isBetween(1L << 20, 1L << 50);
        assertThatThrownBy(() -> new Memory(1L << 50))
                .isInstanceOf(OutOfMemoryError.class)
                .hasMessageMatching(
                        "the engine needs 1073741825 MiB of native memory, \\d+ MiB are free: take a smaller training.global-batch or evaluate.batch, or more executors");
    }

    private static Network network(String name, int size) {
        return Zoo.create(name, Shape.of(3, size, size), 5).network();
    }

    private static long residentMib() throws IOException {
        System.gc();
        Matcher resident = RESIDENT.matcher(Files.readString(Path.of("/proc/self/status")));
        assertThat(resident.find()).isTrue();
        return Long.parseLong(resident.group(1)) / 1024;
    }

    @Test
    void anUntrainedExecutableHasNothingToCompute() {
        Network network = network("resnet8", 8);
        try (Executable inference = new OneDnnEngine(Precision.FP32, 1).compileForInference(network, LOGITS, 2)) {
            assertThatThrownBy(() -> inference.forward(Map.of(Taps.IMAGE, Tensor.zeros(Shape.of(2, 3, 8, 8)))))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("forward before values are loaded");
        }
    }

    @Test
    void aProcessorThatMultipliesBf16WithoutAmxComputesInIt() throws Exception {
        assumeTrue(Library.get().multipliesBf16(), "this processor has no AVX-512 BF16 to be limited to");
        assertThat(on("AVX512_CORE_BF16", "", "auto")).contains("onednn 3.11.0, bf16 on AVX-512 BF16, 1 thread");
        assertThat(on("AVX512_CORE_BF16", "", "fp32")).contains("onednn 3.11.0, fp32 on AVX-512, 1 thread");
    }

    @Test
    void aProcessorWithoutBf16ComputesInFp32UnlessAsked() throws Exception {
        assumeTrue(Library.get().trainsInBf16(), "this processor has no AVX-512 to be limited to");
        assertThat(on("AVX512_CORE", "", "auto"))
                .contains("onednn 3.11.0, fp32 on AVX-512 (the processor has no bf16), 1 thread");
        assertThat(on("AVX512_CORE", "", "bf16"))
                .contains("onednn 3.11.0, bf16 on AVX-512 (slow: the processor has no bf16), 1 thread");
        assertThat(on("AVX2", "", "auto"))
                .contains("onednn 3.11.0, fp32 on AVX2 (the processor has no bf16), 1 thread");
        assertThat(on("AVX2", "", "bf16"))
                .contains(
                        "engine.precision is bf16, which this processor (AVX2) cannot train in; set it to fp32 or auto");
    }

    @Test
    void whereTheLibraryDoesNotRunTheReferenceStandsIn() throws Exception {
        // JavaCPP looks for libraries of that platform and finds none.
        String elsewhere = "-Dorg.bytedeco.javacpp.platform=linux-ppc64le";
        assertThat(on("ALL", elsewhere, "auto"))
                .contains("bigdl 0.13.0, MKL-BLAS fp32, 1 thread (oneDNN does not run on this machine: ");
        assertThat(on("ALL", elsewhere, "bf16"))
                .contains("engine.precision is bf16, but oneDNN does not run on this machine: ")
                .contains("; set engine.precision to fp32 or auto");
    }

    /** What {@link Described} prints in a process of its own, with the instructions that oneDNN may use. */
    private static String on(String instructions, String option, String precision) throws Exception {
        List<String> command = TestJvm.command();
        if (!option.isEmpty()) {
            command.add(option);
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Described.class.getName(), precision));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("ONEDNN_MAX_CPU_ISA", instructions);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }
}
