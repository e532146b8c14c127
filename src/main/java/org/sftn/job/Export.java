package org.sftn.job;

import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.HadoopPath;
import org.sftn.conf.Nearest;
import org.sftn.conf.UserException;
import org.sftn.export.ModelFormat;
import org.sftn.export.OnnxFormat;
import org.sftn.export.OnnxFormat.Normalization;
import org.sftn.job.run.BuildVersion;
import org.sftn.model.ReferenceWeights;
import org.sftn.model.SavedModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/**
 * Writes a saved model in a format of others, without Spark.
 *
 * <p>Input: a model folder.
 *
 * <p>Output: one file, {@code --out}, which appears when it is whole.
 *
 * <p>Example: {@code jobs/export.sh --model runs/student/model --out student.onnx}
 */
@Command(description = "Write a saved model as an ONNX file, or as PyTorch's weights.")
final class Export implements TextCommand {
    private static final String ONNX = "onnx";

    private static final String OUTSIDE = "outside";

    /** All formats by name. A new one is its row here. */
    private final Map<String, Supplier<ModelFormat>> formats =
            new TreeMap<>(Map.of(ONNX, this::onnx, "safetensors", this::safetensors));

    @Option(
            names = "--model",
            paramLabel = "FOLDER",
            required = true,
            description = "The model: a student's or a teacher's.")
    private String model;

    @Option(names = "--out", paramLabel = "FILE", required = true, description = "The file to write.")
    private String out;

    @Option(names = "--overwrite", description = "Replace the file.")
    private boolean overwrite;

    @Option(
            names = "--format",
            paramLabel = "onnx|safetensors",
            defaultValue = ONNX,
            showDefaultValue = Visibility.ALWAYS,
            description = {
                "onnx: the network and its weights;",
                "safetensors: the weights alone, with torchvision's or RepDistiller's names."
            })
    private String format;

    @Option(
            names = "--normalization",
            paramLabel = "outside|inside",
            defaultValue = OUTSIDE,
            showDefaultValue = Visibility.ALWAYS,
            description = {
                "outside: the file's input is normalized images, as with PyTorch's models;",
                "inside: images in [0, 1], which the file's first nodes normalize."
            })
    private String normalization;

    /** @throws UserException when there is no whole model, the file exists, or an option's value cannot be used */
    @Override
    public String text() throws IOException {
        ModelFormat chosen = chosen();
        Configuration hadoop = new Configuration();
        Path file = HadoopPath.of("--out", out, hadoop);
        requireFree(file, hadoop);
        SavedModel saved = SavedModel.read(HadoopPath.of("--model", model, hadoop), hadoop);
        write(chosen, saved, file, hadoop);
        return String.format(
                Locale.ROOT,
                "export done: %s for images of %s and %d classes as %s, %,d bytes, in %s",
                saved.description().architecture(),
                saved.description().imageShape(),
                saved.description().classes(),
                format,
                file.getFileSystem(hadoop).getFileStatus(file).getLen(),
                file);
    }

    private ModelFormat chosen() {
        Supplier<ModelFormat> found = formats.get(format);
        if (found == null) {
            throw new UserException("there is no format '" + format + "' among " + String.join(", ", formats.keySet())
                    + Nearest.suggestion(format, formats.keySet()));
        }
        return found.get();
    }

    private ModelFormat onnx() {
        Normalization where = switch (normalization) {
            case OUTSIDE -> Normalization.OUTSIDE;
            case "inside" -> Normalization.INSIDE;
            default ->
                throw new UserException("--normalization must be outside or inside, not '" + normalization + "'");
        };
        return new OnnxFormat(where, BuildVersion.current().toString());
    }

    private ModelFormat safetensors() {
        if (!normalization.equals(OUTSIDE)) {
            throw new UserException("--normalization is for --format onnx: weights alone normalize nothing");
        }
        return ReferenceWeights::write;
    }

    private void requireFree(Path file, Configuration hadoop) throws IOException {
        FileSystem files = file.getFileSystem(hadoop);
        if (!files.exists(file)) {
            return;
        }
        if (files.getFileStatus(file).isDirectory()) {
            throw unwritable(file, "it is a folder");
        }
        if (!overwrite) {
            throw exists(file);
        }
    }

    private static UserException exists(Path file) {
        return new UserException(
                "--out " + file + " exists: take another file, or add --overwrite to replace that one");
    }

    private void write(ModelFormat chosen, SavedModel saved, Path file, Configuration hadoop) throws IOException {
        FileSystem files = file.getFileSystem(hadoop);
        if (!HadoopFiles.isWholeAtClose(files, file)) {
            try {
                files.create(file.suffix(HadoopFiles.UNFINISHED), true).close();
            } catch (IOException e) {
                throw unwritable(file, e.getMessage());
            }
        }
        HadoopFiles.replace(file, hadoop, out -> {
            chosen.write(saved, out);
            // Made since it was looked for.
            requireFree(file, hadoop);
        });
    }

    private static UserException unwritable(Path file, String why) {
        return new UserException(String.format(Locale.ROOT, "--out %s cannot be written: %s", file, why));
    }
}
