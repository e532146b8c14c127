package org.sftn.engine.bigdl;

import com.intel.analytics.bigdl.mkl.MKL;
import com.sun.jna.NativeLibrary;
import org.sftn.engine.Processor;

/** BigDL's MKL in this process. */
public final class MklLibrary {
    private static final String AVX2 = "avx2";

    static {
        // This MKL, of 2019, takes its oldest kernels for processors that are not Intel's. Their sums depend on where
        // the JVM has put an array, so that two runs differ; those for AVX2 give the same bits, and are faster.
        Processor processor = Processor.current();
        if (processor.has(AVX2) && !isIntels(processor)) {
            NativeLibrary.getInstance("c").getFunction("setenv").invokeInt(new Object[] {"MKL_DEBUG_CPU_TYPE", "5", 0});
        }
    }

    private MklLibrary() {}

    /** Loads it, or says why this machine cannot; to be called before anything of BigDL computes. */
    public static void require() {
        if (!MKL.isMKLLoaded()) {
            throw new IllegalStateException(
                    "BigDL's MKL could not be loaded on this machine: engine 'bigdl' needs Linux on x86-64");
        }
    }

    /** What it multiplies with, in words; it does not tell itself. */
    static String instructions() {
        Processor processor = Processor.current();
        if (isIntels(processor) && processor.has("avx512f")) {
            return "AVX-512";
        }
        return processor.has(AVX2) ? "AVX2" : "SSE";
    }

    private static boolean isIntels(Processor processor) {
        return processor.maker().equals("GenuineIntel");
    }
}
