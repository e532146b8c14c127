package org.sftn.conf;

import java.io.Serializable;
import org.sftn.conf.Limit.AtLeast;

/** {@code engine}: see reference.conf for each key. */
public record EngineSettings(
        String name, Precision precision, @AtLeast(0) int threads) implements Serializable {
    /** Of activations and of what is multiplied; master weights, statistics, sums and losses are fp32 always. */
    public enum Precision {
        /** bf16 where the processor multiplies it in hardware (AMX or AVX-512 BF16), fp32 elsewhere. */
        AUTO,
        FP32,
        BF16
    }
}
