package org.sftn.train;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sftn.engine.TrainingExecutable;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Tensor;

/**
 * Where an engine holds a network's parameters. It depends on engine and processor; checkpoints hold weights and momentum as they lie
 * there, and this tells them apart.
 *
 * @param positions in {@link TrainingExecutable#parameters}, by the index in the network's canonical order
 */
record ParameterOrder(int[] positions) {
    private static final int MAX_BYTES = 1 << 28;
    // Of an index; fp32 holds both halves exactly.
    private static final int HALF = Short.SIZE;

    /** Leaves other numbers in the parameters. */
    static ParameterOrder of(TrainingExecutable executable) {
        float[] parameters = executable.parameters();
        int[] positions = new int[Math.toIntExact(executable.network().parameterCount())];
        for (int shift = 0; shift < Integer.SIZE; shift += HALF) {
            for (int i = 0; i < parameters.length; i++) {
                parameters[i] = (i >>> shift) & ((1 << HALF) - 1);
            }
            Map<String, Tensor> saved = executable.save();
            int at = 0;
            for (ParameterSpec spec : executable.network().parameters()) {
                for (float half : saved.get(spec.name()).values()) {
                    positions[at++] |= (int) half << shift;
                }
            }
        }
        return new ParameterOrder(positions);
    }

    /** @param name the order's identity */
    static Path file(Path checkpoints, String name) {
        return new Path(checkpoints, "order-" + name + ".gz");
    }

    void write(Path file, Configuration hadoop) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(new GZIPOutputStream(bytes))) {
            int before = 0;
            for (int position : positions) {
                // Layouts repeat themselves, so steps take a hundredth of the space.
                out.writeInt(position - before);
                before = position;
            }
        }
        Files.write(file, bytes.toByteArray(), hadoop);
    }

    /**
     * @param values how many positions there must be
     * @param length of the array that they lie in
     */
    static ParameterOrder read(Path file, int values, int length, Configuration hadoop) throws IOException {
        int[] positions = new int[values];
        try (DataInputStream in = new DataInputStream(
                new GZIPInputStream(new ByteArrayInputStream(Files.read(file, MAX_BYTES, hadoop))))) {
            int before = 0;
            for (int i = 0; i < values; i++) {
                before += in.readInt();
                if (before < 0 || before >= length) {
                    throw new IOException(file + " holds position " + before + " of " + length);
                }
                positions[i] = before;
            }
            if (in.read() >= 0) {
                throw new IOException(file + " holds more than " + values + " positions");
            }
        }
        return new ParameterOrder(positions);
    }

    /**
     * The same parameters as another engine holds them; what pads is 0.
     *
     * @param given in this order
     * @param length of the other's array
     */
    float[] moved(float[] given, ParameterOrder other, int length) {
        float[] moved = new float[length];
        for (int i = 0; i < positions.length; i++) {
            moved[other.positions[i]] = given[positions[i]];
        }
        return moved;
    }
}
