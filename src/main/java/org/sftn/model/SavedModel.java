package org.sftn.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.HadoopFiles;
import org.sftn.conf.Json;
import org.sftn.conf.Sha256;
import org.sftn.conf.UserException;
import org.sftn.nn.Tensor;

/**
 * A trained network as it lies in a folder: {@code model.json} and {@code weights.safetensors}.
 *
 * @param values parameters and running statistics by full name
 */
public record SavedModel(ModelDescription description, Map<String, Tensor> values) {
    private static final String WEIGHTS = "weights.safetensors";
    private static final String DESCRIPTION = "model.json";
    /** Of any file of weights that is read. */
    static final int MAX_WEIGHTS_BYTES = 1 << 30;

    private static final int MAX_DESCRIPTION_BYTES = 4 << 20;

    /**
     * Writes {@code model.json} last: without it there is no model. What cannot be written whole is deleted.
     *
     * @param folder must not exist
     * @return the model as it was written, with its identity
     * @throws UserException when the folder exists, or a value is one that no network can have, naming it
     */
    public SavedModel write(Path folder, Configuration hadoop) throws IOException {
        FileSystem files = folder.getFileSystem(hadoop);
        if (files.exists(folder)) {
            throw new UserException("the model cannot be written to " + folder + ": it exists");
        }
        NetworkValues.wrong(values, UnaryOperator.identity()).ifPresent(wrong -> {
            throw new UserException(String.format(Locale.ROOT, "the model cannot be written to %s: %s", folder, wrong));
        });
        try {
            return new SavedModel(writeFiles(files, folder, hadoop), values);
        } catch (IOException e) {
            HadoopFiles.delete(files, folder, e);
            throw e;
        }
    }

    private ModelDescription writeFiles(FileSystem files, Path folder, Configuration hadoop) throws IOException {
        MessageDigest digest = Sha256.digest();
        HadoopFiles.write(
                files,
                new Path(folder, WEIGHTS),
                false,
                out -> new Safetensors(values, Map.of("architecture", description.architecture()))
                        .write(new DigestOutputStream(out, digest)));
        ModelDescription written = description.withWeights(Sha256.hex(digest.digest()));
        byte[] json = Json.file(written);
        HadoopFiles.replace(new Path(folder, DESCRIPTION), hadoop, out -> out.write(json));
        return written;
    }

    /**
     * @throws UserException when there is no model, it is damaged, or a value is one that no network can have; naming the file or the
     *     value
     */
    public static SavedModel read(Path folder, Configuration hadoop) throws IOException {
        FileSystem files = folder.getFileSystem(hadoop);
        byte[] json = bytes(files, new Path(folder, DESCRIPTION), MAX_DESCRIPTION_BYTES, folder);
        ModelDescription description;
        try {
            JsonNode tree = Json.COMPLETE.readTree(json);
            int format = tree.path(Json.FORMAT).asInt();
            if (format != ModelDescription.FORMAT) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "the model %s cannot be used: its format is %d, this version reads %d",
                        folder,
                        format,
                        ModelDescription.FORMAT));
            }
            description = Json.COMPLETE.treeToValue(tree, ModelDescription.class);
        } catch (IOException e) {
            throw new UserException("the model " + folder + " cannot be used: model.json is damaged", e);
        }
        byte[] weights = bytes(files, new Path(folder, WEIGHTS), MAX_WEIGHTS_BYTES, folder);
        if (!Sha256.of(weights).equals(description.weightsSha256())) {
            throw new UserException("the model " + folder + " cannot be used: " + WEIGHTS
                    + " does not have the checksum in model.json");
        }
        Map<String, Tensor> values;
        try {
            values = Safetensors.read(new ByteArrayInputStream(weights), weights.length)
                    .tensors();
        } catch (IOException e) {
            throw new UserException("the model " + folder + " cannot be used: " + e.getMessage(), e);
        }
        NetworkValues.wrong(values, UnaryOperator.identity()).ifPresent(wrong -> {
            throw new UserException(String.format(Locale.ROOT, "the model %s cannot be used: %s", folder, wrong));
        });
        return new SavedModel(description, values);
    }

    private static byte[] bytes(FileSystem files, Path path, int most, Path folder) throws IOException {
        try (FSDataInputStream in = files.open(path)) {
            long length = files.getFileStatus(path).getLen();
            if (length > most) {
                throw new UserException(
                        "the model " + folder + " cannot be used: " + path.getName() + " has " + length + " bytes");
            }
            return in.readNBytes((int) length);
        } catch (FileNotFoundException e) {
            throw new UserException("there is no model in " + folder + ": " + path.getName() + " is missing", e);
        }
    }
}
