package org.sftn.engine.mkl;

import com.intel.analytics.bigdl.mkl.MKL;
import com.sun.jna.NativeLibrary;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.NativeCode;
import org.sftn.conf.UserException;
import org.sftn.engine.Processor;

/** BigDL's MKL in this process. */
public final class MklLibrary {
    private static final String AVX2 = "avx2";
    private static final String TEMPORARY = "java.io.tmpdir";

    // Bytes, for the moment of loading.
    private static final long ROOM = 128L << 20;

    /** Loaded once a process; a failed attempt is remembered, too. */
    private static final class Loaded {
        /** Null when it is loaded. */
        static final @Nullable String REFUSAL = load();

        private static @Nullable String load() {
            // It unpacks to Java's folder for temporary files, which cannot be changed any more.
            Path folder = Path.of(System.getProperty(TEMPORARY));
            Optional<String> refusal = NativeCode.refusal(folder, ROOM);
            if (refusal.isPresent()) {
                return String.format(
                        Locale.ROOT,
                        "it can be unpacked in %s alone (%s); name another folder by the environment variable JAVA_TOOL_OPTIONS=-D%s=FOLDER",
                        folder,
                        refusal.get(),
                        TEMPORARY);
            }
            try {
                // This MKL, of 2019, takes its oldest kernels for processors that are not Intel's. Their sums depend on
                // where the JVM has put an array, so that two runs differ; those for AVX2 give the same bits, and are
                // faster.
                Processor processor = Processor.current();
                if (processor.has(AVX2) && !isIntels(processor)) {
                    NativeLibrary.getInstance("c")
                            .getFunction("setenv")
                            .invokeInt(new Object[] {"MKL_DEBUG_CPU_TYPE", "5", 0});
                }
                return MKL.isMKLLoaded() ? null : "it needs Linux on x86-64";
            } catch (Error | RuntimeException e) {
                // It throws Error itself.
                return NativeCode.reason(e);
            }
        }
    }

    private MklLibrary() {}

    /**
     * Loads it, or says why this machine cannot; to be called before anything of BigDL computes.
     *
     * @throws UserException when it cannot be loaded
     */
    public static void require() {
        NativeCode.folder();
        if (Loaded.REFUSAL != null) {
            throw new UserException("BigDL's MKL cannot be loaded on this machine: " + Loaded.REFUSAL);
        }
    }

    /** What it multiplies with, in words; it does not tell itself. */
    public static String instructions() {
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
