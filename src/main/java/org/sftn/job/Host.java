package org.sftn.job;

import java.util.List;
import java.util.Locale;
import org.sftn.engine.Processor;

/** The machine of the driver, as far as it decides the speed of training. */
record Host(String processor, int cores, List<String> instructions) {
    private static final List<String> OF_INTEREST =
            List.of("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16", "amx_int8");

    static Host current() {
        Processor processor = Processor.current();
        return new Host(
                processor.name(),
                Runtime.getRuntime().availableProcessors(),
                OF_INTEREST.stream().filter(processor::has).toList());
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s, %d cores, %s",
                processor,
                cores,
                instructions.isEmpty() ? "no known vector flags" : String.join(" ", instructions));
    }
}
