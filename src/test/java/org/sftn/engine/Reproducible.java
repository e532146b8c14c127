package org.sftn.engine;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

/** The numbers of {@code src/test/python/pytorch_reference.py}. */
public final class Reproducible {
    private Reproducible() {}

    /** Multiples of 2^-24 in [-0.5, 0.5): a linear congruential generator modulo 2^32 that starts from the name. */
    public static double[] values(String name, int count) {
        CRC32 crc = new CRC32();
        crc.update(name.getBytes(StandardCharsets.UTF_8));
        int state = (int) crc.getValue();
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            state = state * 1664525 + 1013904223;
            values[i] = (state >>> 8) / 0x1p24 - 0.5;
        }
        return values;
    }

    public static Tensor tensor(String name, Shape shape, double scale, double offset) {
        double[] values = values(name, shape.elements());
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) (offset + scale * values[i]);
        }
        return new Tensor(shape, floats);
    }

    /** A parameter or statistic of a network. */
    public static Tensor parameter(String name, Shape shape) {
        String last = name.substring(name.lastIndexOf('.') + 1);
        if (last.equals("running_mean") || last.equals("bias")) {
            return tensor(name, shape, 0.2, 0);
        }
        if (last.equals("running_var") || shape.rank() == 1) {
            return tensor(name, shape, 0.5, 1);
        }
        return tensor(name, shape, 2 * Math.sqrt(6.0 * shape.dimension(0) / shape.elements()), 0);
    }
}
