package org.sftn.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.sftn.conf.DataSettings;
import org.sftn.conf.PrepareSettings.Store;
import org.sftn.conf.Settings;
import org.sftn.data.image.Augmentation;
import org.sftn.data.image.ImageFile;
import org.sftn.data.image.JpegFile;
import org.sftn.data.image.Preprocessing;
import org.sftn.data.image.Resizer;
import org.sftn.data.image.UnusableImageException;
import org.sftn.nn.Layout;

/**
 * Images/s that one core decodes and prepares for a network of 224 x 224, from a folder of JPEG files in memory. Run by hand:
 *
 * <pre>
 * mvn -q test-compile dependency:build-classpath -Dmdep.outputFile=target/test-classpath
 * java -cp target/test-classes:target/classes:$(cat target/test-classpath) org.openjdk.jmh.Main ImageViewsBenchmark \
 *     -p folder=../shared/data/imagenet-sample
 * </pre>
 *
 * {@code src/test/python/torchvision_views.py --speed FOLDER} measures the same with torchvision.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class ImageViewsBenchmark {
    private static final int SIZE = 224;

    @Param("../shared/data/imagenet-sample")
    private String folder;

    private final float[] values = new float[Preprocessing.CHANNELS * SIZE * SIZE];
    private List<Sample> samples;
    private ImageViews plain;
    private ImageViews jittered;
    private int next;

    @Setup
    public void read() throws IOException {
        samples = new ArrayList<>();
        try (Stream<Path> files = Files.walk(Path.of(folder))) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".JPEG")).sorted().toList()) {
                samples.add(new Sample(samples.size(), 0, file.toString(), Files.readAllBytes(file)));
            }
        }
        plain = views("0");
        jittered = views("0.4");
    }

    private static ImageViews views(String jitter) {
        DataSettings data = Settings.of(List.of(Settings.assignments(
                        Map.of(
                                "data.crop",
                                "random-resized",
                                "data.color-jitter.brightness",
                                jitter,
                                "data.color-jitter.contrast",
                                jitter,
                                "data.color-jitter.saturation",
                                jitter),
                        "benchmark")))
                .data();
        List<Double> mean = List.of(0.485, 0.456, 0.406);
        List<Double> deviation = List.of(0.229, 0.224, 0.225);
        return new ImageViews(
                new Preprocessing(SIZE, Store.FILES, mean, deviation, 256, Augmentation.of(data)),
                Layout.CHANNELS_LAST,
                1);
    }

    private Sample next() {
        next++;
        return samples.get(next % samples.size());
    }

    /** Random resized crop and flip. */
    @Benchmark
    public float[] training() throws UnusableImageException {
        plain.training(next(), next / samples.size(), values, 0);
        return values;
    }

    /** With brightness, contrast and saturation. */
    @Benchmark
    public float[] trainingWithJitter() throws UnusableImageException {
        jittered.training(next(), next / samples.size(), values, 0);
        return values;
    }

    /** Shorter side 256, the middle. */
    @Benchmark
    public float[] evaluation() throws UnusableImageException {
        plain.evaluation(next(), values, 0);
        return values;
    }

    /** Decoding alone, as the views do it. */
    @Benchmark
    public int decoding() throws UnusableImageException {
        try (Resizer.Source image = ImageFile.open("image", next().image()).decode(1)) {
            return image.width();
        }
    }

    /** Decoding alone, where there is no native library. */
    @Benchmark
    public int decodingByJdk() throws UnusableImageException {
        try (Resizer.Source image = JpegFile.of("image", next().image()).decodeByJdk()) {
            return image.width();
        }
    }
}
