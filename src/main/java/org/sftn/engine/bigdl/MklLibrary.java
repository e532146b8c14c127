package org.sftn.engine.bigdl;

import com.intel.analytics.bigdl.mkl.MKL;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** BigDL's MKL in this process. */
public final class MklLibrary {
    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

    static {
        // This MKL, of 2019, takes its oldest kernels for processors that are not Intel's. Their sums depend on where
        // the JVM has put an array, so that two runs differ; those for AVX2 give the same bits, and are faster.
        if (avx2OfAnotherMaker()) {
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

    private static boolean avx2OfAnotherMaker() {
        try {
            String processors = Files.readString(PROCESSORS);
            return processors.contains(" avx2 ") && !processors.contains("GenuineIntel");
        } catch (IOException e) {
            // Not Linux, where MKL does not load.
            return false;
        }
    }
}
