package org.sftn.model;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.Json;
import org.sftn.conf.Printable;
import org.sftn.conf.Sha256;
import org.sftn.conf.UserException;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Tensor;
import org.sftn.zoo.Architecture;
import org.sftn.zoo.Zoo;

/**
 * A network's weights as PyTorch's users have them: a safetensors file of a {@code state_dict()}, with the names that torchvision or
 * RepDistiller gives (see {@link Architecture#referenceName}).
 *
 * @param values by our names, in the network's order
 * @param sha256 of the file
 * @param metadata of the file
 * @param classNames by label; empty when the file does not tell them, as others than ours do not
 */
public record ReferenceWeights(
        Map<String, Tensor> values, String sha256, Map<String, String> metadata, List<String> classNames) {
    /** As in the ONNX files. */
    private static final String CLASS_NAMES = "class_names";
    /** Names of one kind in a message. */
    private static final int MAX_LISTED = 10;

    /**
     * Reads what the network needs, under the reference's names or, if more of the file's are those, under ours. Each value must be
     * there in its shape, and nothing else but batch-norm's counters.
     *
     * @throws UserException when there is no such file, it is damaged or too long, its tensors are not the network's, or a value is one
     *     that no network can have, naming them
     */
    public static ReferenceWeights read(Path file, Architecture architecture, Configuration hadoop) throws IOException {
        byte[] bytes = bytes(file, hadoop);
        Safetensors content;
        try {
            content = Safetensors.readWidened(new ByteArrayInputStream(bytes), bytes.length);
        } catch (IOException e) {
            throw new UserException(
                    String.format(Locale.ROOT, "the weights %s cannot be used: %s", file, e.getMessage()), e);
        }
        UnaryOperator<String> convention = convention(architecture, content.tensors());
        Map<String, Tensor> values = fitting("the weights " + file, content.tensors(), architecture, convention);
        NetworkValues.wrong(values, convention).ifPresent(wrong -> {
            throw new UserException(String.format(Locale.ROOT, "the weights %s cannot be used: %s", file, wrong));
        });
        return new ReferenceWeights(values, Sha256.of(bytes), content.metadata(), classNames(file, content.metadata()));
    }

    private static List<String> classNames(Path file, Map<String, String> metadata) {
        String names = metadata.get(CLASS_NAMES);
        if (names == null) {
            return List.of();
        }
        try {
            return List.of(Json.OPEN.readValue(names, String[].class));
        } catch (IOException | RuntimeException e) {
            throw new UserException(
                    "the weights " + file + " cannot be used: " + CLASS_NAMES
                            + " in their metadata is no list of names",
                    e);
        }
    }

    /**
     * Writes all values of a model under the reference's names, and leaves the stream open. The same model gives the same bytes.
     *
     * @throws UserException when the model does not hold the values of its network
     */
    public static void write(SavedModel model, OutputStream out) throws IOException {
        ModelDescription description = model.description();
        Architecture architecture =
                Zoo.create(description.architecture(), description.imageShape(), description.classes());
        Map<String, Tensor> named = new LinkedHashMap<>();
        fitting("the values of the model", model.values(), architecture, UnaryOperator.identity())
                .forEach((name, tensor) -> named.put(architecture.referenceName(name), tensor));
        // In a fixed order.
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("architecture", description.architecture());
        metadata.put("format", "pt");
        metadata.put("model", description.weightsSha256());
        metadata.put(CLASS_NAMES, Json.line(description.classNames()));
        new Safetensors(named, metadata).write(out);
    }

    private static byte[] bytes(Path file, Configuration hadoop) throws IOException {
        FileSystem files = file.getFileSystem(hadoop);
        try (FSDataInputStream in = files.open(file)) {
            long length = files.getFileStatus(file).getLen();
            if (length > SavedModel.MAX_WEIGHTS_BYTES) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "the weights %s cannot be used: the file has %,d bytes, more than %,d",
                        file,
                        length,
                        SavedModel.MAX_WEIGHTS_BYTES));
            }
            return in.readNBytes((int) length);
        } catch (FileNotFoundException e) {
            throw new UserException("there are no weights in " + file + ": it is no file", e);
        }
    }

    private static Stream<ParameterSpec> specs(Architecture architecture) {
        return Stream.of(architecture.network())
                .flatMap(network -> Stream.concat(network.parameters().stream(), network.statistics().stream()));
    }

    /** Some names are the same in both. */
    private static UnaryOperator<String> convention(Architecture architecture, Map<String, Tensor> tensors) {
        long theirs = specs(architecture)
                .filter(spec -> tensors.containsKey(architecture.referenceName(spec.name())))
                .count();
        long ours = specs(architecture)
                .filter(spec -> tensors.containsKey(spec.name()))
                .count();
        return ours > theirs ? UnaryOperator.identity() : architecture::referenceName;
    }

    private static Map<String, Tensor> fitting(
            String whose, Map<String, Tensor> tensors, Architecture architecture, UnaryOperator<String> convention) {
        Map<String, Tensor> values = new LinkedHashMap<>();
        List<String> missing = new ArrayList<>();
        List<String> otherwise = new ArrayList<>();
        Set<String> unknown = new TreeSet<>(tensors.keySet());
        specs(architecture).forEach(spec -> {
            String name = convention.apply(spec.name());
            Tensor tensor = tensors.get(name);
            unknown.remove(name);
            if (tensor == null) {
                missing.add(String.format(Locale.ROOT, "%s (%s)", name, spec.shape()));
            } else if (!tensor.shape().equals(spec.shape())) {
                otherwise.add(String.format(Locale.ROOT, "%s is %s, not %s", name, tensor.shape(), spec.shape()));
            } else {
                values.put(spec.name(), tensor);
            }
        });
        String problems = listed("missing", missing)
                + listed(
                        "unknown to the network",
                        unknown.stream().map(Printable::of).toList())
                + listed("of another shape", otherwise);
        if (!problems.isEmpty()) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "%s are not those of %s with %d classes for images of %s:%s",
                    whose,
                    architecture.name(),
                    architecture.classes(),
                    architecture.image(),
                    problems));
        }
        return values;
    }

    private static String listed(String what, List<String> names) {
        if (names.isEmpty()) {
            return "";
        }
        int shown = Math.min(names.size(), MAX_LISTED);
        String more = names.size() > shown ? String.format(Locale.ROOT, " and %,d more", names.size() - shown) : "";
        return String.format(Locale.ROOT, "\n  %s: %s%s", what, String.join(", ", names.subList(0, shown)), more);
    }
}
