package org.sftn.train.platform;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.sftn.conf.Printable;
import org.sftn.data.image.Preprocessing;
import org.sftn.engine.Engine;
import org.sftn.engine.Processor;

/**
 * What computes on an executor: the bits of its results depend on it, besides settings, seed, images and version.
 *
 * @param engine its name in the configuration
 * @param library that the engine computes with, and its version
 * @param precision fp32 or bf16
 * @param instructions of the processor that the library takes, in words
 * @param processor its name
 * @param threads of the engine
 * @param decoder of JPEGs, or "none" when pixels are stored
 */
public record Platform(
        String engine,
        String library,
        String precision,
        String instructions,
        String processor,
        int threads,
        String decoder)
        implements Serializable {
    /** The one of this process. */
    public static Platform of(Engine engine, Preprocessing images) {
        return new Platform(
                engine.name(),
                engine.library(),
                engine.precision().name().toLowerCase(Locale.ROOT),
                engine.instructions(),
                Processor.current().name(),
                engine.threads(),
                images.decoder());
    }

    /** What differs, for people; empty when nothing does. */
    List<String> differencesFrom(Platform other) {
        List<String> differences = new ArrayList<>();
        add(differences, "engine ", engine, other.engine);
        add(differences, "", library, other.library);
        add(differences, "", precision, other.precision);
        add(differences, "", instructions, other.instructions);
        add(differences, "", processor, other.processor);
        if (threads != other.threads) {
            differences.add(Printable.count(threads, "engine thread") + " instead of " + other.threads);
        }
        add(differences, "the JPEG decoder ", decoder, other.decoder);
        return differences;
    }

    private static void add(List<String> differences, String what, String value, String other) {
        if (!Objects.equals(value, other)) {
            differences.add(what + value + " instead of " + other);
        }
    }
}
