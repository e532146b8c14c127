package org.sftn.engine.bigdl;

import com.intel.analytics.bigdl.mkl.MKL;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.fs.FileUtil;
import org.sftn.conf.NativeCode;
import org.sftn.conf.UserException;

/** BigDL's MKL in this process. */
public final class MklLibrary {
    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
    private static final String TEMPORARY = "java.io.tmpdir";

    /** Loaded once a process; a failed attempt is remembered, too. */
    private static final class Loaded {
        /** Null when it is loaded. */
        static final String REFUSAL = load();

        private static String load() {
            try {
                // This MKL, of 2019, takes its oldest kernels for processors that are not Intel's. Their sums depend on
                // where the JVM has put an array, so that two runs differ; those for AVX2 give the same bits, and are
                // faster.
                if (avx2OfAnotherMaker()) {
                    NativeLibrary.getInstance("c")
                            .getFunction("setenv")
                            .invokeInt(new Object[] {"MKL_DEBUG_CPU_TYPE", "5", 0});
                }
                return unpackedTo(Files.createTempDirectory(NativeCode.folder(), "mkl-"));
            } catch (IOException | Error | RuntimeException e) {
                // It throws Error itself.
                return NativeCode.reason(e);
            }
        }

        /** MKL unpacks to the folder for temporary files, whatever else is set, and deletes what it has unpacked if all goes well. */
        private static String unpackedTo(Path folder) {
            String temporary = System.setProperty(TEMPORARY, folder.toString());
            try {
                return MKL.isMKLLoaded() ? null : "it needs Linux on x86-64";
            } finally {
                System.setProperty(TEMPORARY, temporary);
                FileUtil.fullyDelete(folder.toFile());
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
        Path folder = NativeCode.folder();
        if (Loaded.REFUSAL != null) {
            throw new UserException("BigDL's MKL cannot be loaded on this machine: %s (it is unpacked in %s)"
                    .formatted(Loaded.REFUSAL, folder));
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
