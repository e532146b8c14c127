package org.sftn.engine.onednn;

import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.global.dnnl;
import org.jspecify.annotations.Nullable;
import org.sftn.conf.NativeCode;

/** The native libraries of this process: oneDNN, the OpenMP runtime that it computes with, the C library. */
final class Library {
    /** Loaded once a process; a failed attempt is remembered, too. */
    private static final class Loaded {
        /** Null when it cannot be used. */
        static final @Nullable Library INSTANCE;
        /** Null when it can. */
        static final @Nullable String REFUSAL;

        static {
            Library loaded = null;
            String refusal = null;
            try {
                loaded = new Library();
            } catch (LinkageError | RuntimeException e) {
                refusal = NativeCode.reason(e);
            }
            INSTANCE = loaded;
            REFUSAL = refusal;
        }
    }

    // What <sys/mman.h> calls MADV_HUGEPAGE.
    private static final int MADVISE_HUGE_PAGES = 14;

    private final NativeLibrary libc;
    private final NativeLibrary openMp;
    private final dnnl_engine engine;
    private final int instructions;

    private Library() {
        if (!Platform.isLinux() || !Platform.isIntel() || !Platform.is64Bit()) {
            throw new IllegalStateException("it is built for Linux on x86-64");
        }
        NativeCode.folder();
        libc = NativeLibrary.getInstance("c");
        engine = new dnnl_engine();
        check("start", dnnl.dnnl_engine_create(engine, dnnl.dnnl_cpu, 0));
        // By its SONAME it is the one that oneDNN has just loaded.
        openMp = NativeLibrary.getInstance("libgomp.so.1");
        instructions = dnnl.dnnl_get_effective_cpu_isa();
    }

    /** Why the library cannot be used on this machine; empty when it can. */
    static Optional<String> refusal() {
        return Optional.ofNullable(Loaded.REFUSAL);
    }

    /** @throws IllegalStateException when the library cannot be used */
    static Library get() {
        if (Loaded.INSTANCE == null) {
            throw new IllegalStateException("oneDNN does not run on this machine: " + Loaded.REFUSAL);
        }
        return Loaded.INSTANCE;
    }

    static void check(String what, int status) {
        if (status != dnnl.dnnl_success) {
            throw new IllegalStateException("oneDNN cannot " + what + ": status " + status);
        }
    }

    dnnl_engine engine() {
        return engine;
    }

    String version() {
        dnnl_version_t version = dnnl.dnnl_version();
        return version.major() + "." + version.minor() + "." + version.patch();
    }

    /** Whether the processor has tiles, which multiply whole matrices of bf16. */
    boolean hasAmx() {
        return has(dnnl.dnnl_cpu_isa_avx512_core_amx);
    }

    /** Whether the processor multiplies bf16, by AMX or by AVX-512: faster than fp32. */
    boolean multipliesBf16() {
        return has(dnnl.dnnl_cpu_isa_avx512_core_bf16);
    }

    /** Whether oneDNN trains in bf16 here, if only slowly. */
    boolean trainsInBf16() {
        return has(dnnl.dnnl_cpu_isa_avx512_core);
    }

    /** What it multiplies with, in words. */
    String instructions(Type type) {
        if (type == Type.BF16 && multipliesBf16()) {
            return hasAmx() ? "AMX" : "AVX-512 BF16";
        }
        return trainsInBf16() ? "AVX-512" : has(dnnl.dnnl_cpu_isa_avx2) ? "AVX2" : "SSE4.1";
    }

    private boolean has(int isa) {
        return (instructions & isa) == isa;
    }

    /** For what the calling thread computes from now on. */
    void useThreads(int threads) {
        openMp.getFunction("omp_set_num_threads").invokeVoid(new Object[] {threads});
    }

    /** Asks for huge pages, where the system gives them on demand: fewer misses of the page table's cache. */
    void preferHugePages(Pointer from, long bytes) {
        libc.getFunction("madvise").invokeInt(new Object[] {from, new NativeLong(bytes), MADVISE_HUGE_PAGES});
    }
}
