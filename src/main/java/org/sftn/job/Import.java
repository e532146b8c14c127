package org.sftn.job;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.HadoopPath;
import org.sftn.conf.Printable;
import org.sftn.conf.UserException;
import org.sftn.data.image.Preprocessing;
import org.sftn.data.shard.Manifest;
import org.sftn.data.source.ClassNames;
import org.sftn.job.run.BuildVersion;
import org.sftn.job.run.RunFolder;
import org.sftn.model.ModelDescription;
import org.sftn.model.ReferenceWeights;
import org.sftn.model.SavedModel;
import org.sftn.zoo.Architecture;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Makes a model of weights that were trained elsewhere, without Spark.
 *
 * <p>Input: a safetensors file with the names of torchvision or RepDistiller, or with ours; a folder of the prepare job, for the classes
 * and the size of the images. Where the file says what its classes are called, they must be the data set's.
 *
 * <p>Output: a model folder, as the teacher job leaves in {@code model/}.
 *
 * <p>Example: {@code jobs/import.sh --weights resnet34.safetensors --network resnet34 --data data/imagenet --out models/resnet34}
 */
@Command(description = "Make a model of a safetensors file of PyTorch's weights.")
final class Import implements TextCommand {
    @Option(
            names = "--weights",
            paramLabel = "FILE",
            required = true,
            description = "A safetensors file of the network's state_dict().")
    private String weights;

    @Option(names = "--network", paramLabel = "NAME", required = true, description = "One of jobs/list.sh.")
    private String network;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            required = true,
            description = "The --out of prepare; its classes, in their order, are the model's.")
    private String data;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "The model's folder; it must not exist.")
    private String out;

    @ArgGroup(exclusive = false)
    private Normalization normalization;

    /** What the images were normalized with when the weights were trained. */
    private static final class Normalization {
        @Option(
                names = "--mean",
                paramLabel = "R,G,B",
                split = ",",
                hideParamSyntax = true,
                required = true,
                description = "Of the images that the weights were trained on, in [0, 1]; the default is the data's.")
        private List<Double> mean;

        @Option(
                names = "--standard-deviation",
                paramLabel = "R,G,B",
                split = ",",
                hideParamSyntax = true,
                required = true,
                description = "Likewise.")
        private List<Double> standardDeviation;
    }

    /** @throws UserException when a file or a value cannot be used */
    @Override
    public String text() throws IOException {
        Configuration hadoop = new Configuration();
        Path file = HadoopPath.of("--weights", weights, hadoop);
        Path folder = HadoopPath.of("--out", out, hadoop);
        RunFolder.requireWritable(folder.getFileSystem(hadoop), folder);
        Manifest manifest = Manifest.read(HadoopPath.of("--data", data, hadoop), hadoop);
        Architecture architecture = Inputs.architecture(network, manifest);
        List<Double> mean = normalization == null ? manifest.mean() : normalization.mean;
        List<Double> deviation = normalization == null ? manifest.standardDeviation() : normalization.standardDeviation;
        requireUsable(manifest, mean, deviation);
        ReferenceWeights read = ReferenceWeights.read(file, architecture, hadoop);
        ModelDescription description = new ModelDescription(
                ModelDescription.FORMAT,
                architecture.name(),
                architecture.image().dimensions(),
                classNames(manifest, read),
                mean,
                deviation,
                "",
                Map.of(
                        "job", "import",
                        "code_version", BuildVersion.current().toString(),
                        "dataset", manifest.identity(),
                        "weights", file.getName(),
                        "weights-sha256", read.sha256(),
                        "weights-metadata", Printable.of(read.metadata().toString())));
        new SavedModel(description, read.values()).write(folder, hadoop);
        return String.format(
                Locale.ROOT,
                "import done: %s, %,d parameters, %d classes of images of %s, model in %s",
                architecture.name(),
                architecture.network().parameterCount(),
                architecture.classes(),
                architecture.image(),
                folder);
    }

    private List<String> classNames(Manifest manifest, ReferenceWeights read) {
        List<ClassNames> all = new ArrayList<>();
        all.add(new ClassNames("the data set " + data + " (--data)", manifest.classNames()));
        if (!read.classNames().isEmpty()) {
            all.add(new ClassNames("the weights " + weights + " (--weights)", read.classNames()));
        }
        return ClassNames.common(all);
    }

    private static void requireUsable(Manifest manifest, List<Double> mean, List<Double> deviation) {
        try {
            new Preprocessing(manifest.imageSize(), manifest.store(), mean, deviation, 0, false);
        } catch (IllegalArgumentException e) {
            throw new UserException("--mean and --standard-deviation cannot be used: " + e.getMessage(), e);
        }
    }
}
