package org.sftn;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipInputStream;

/**
 * A reader and the files that it is fed with when it is fuzzed.
 *
 * @param name of two things in {@code src/test/resources/fuzz}: a folder with inputs that once failed, and a ZIP file, the corpus: the
 *     inputs that reach what {@link FuzzTestRun} has ever reached
 * @param seeds valid files, small
 * @param documented what the reader may throw; anything else is a finding
 * @param bytes that it may allocate for one input
 */
public record FuzzTestTarget(
        String name, List<byte[]> seeds, Reader reader, Set<Class<? extends Exception>> documented, long bytes) {
    private static final Path REGRESSIONS = Path.of("src/test/resources/fuzz");
    private static final long MAX_MILLISECONDS = 10_000;
    private static final int[] INTERESTING = {
        0,
        1,
        2,
        3,
        4,
        7,
        8,
        16,
        31,
        32,
        64,
        100,
        127,
        128,
        255,
        256,
        511,
        512,
        1000,
        1024,
        4096,
        32_767,
        32_768,
        65_535,
        65_536,
        1 << 20,
        1 << 24,
        1 << 28,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        -1,
        -2,
        -16,
        -128
    };
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Reads a file of which nothing is known. */
    @FunctionalInterface
    public interface Reader {
        public void read(byte[] file) throws Exception;
    }

    /** @throws AssertionError when the reader throws something else than it says, is slow or takes too much memory */
    public void check(byte[] input) {
        Cost cost = cost(input);
        if (isTooMuch(cost)) {
            // The first input that needs a class pays for loading it, and for Jazzer's instrumenting.
            cost = cost(input);
        }
        if (isTooMuch(cost)) {
            throw new AssertionError(String.format(
                    Locale.ROOT,
                    "%s takes %d ms and allocates %d bytes of %s",
                    name,
                    cost.milliseconds(),
                    cost.bytes(),
                    described(input)));
        }
    }

    private record Cost(long milliseconds, long bytes) {}

    private boolean isTooMuch(Cost cost) {
        return cost.milliseconds() > MAX_MILLISECONDS || cost.bytes() > bytes;
    }

    private Cost cost(byte[] input) {
        long allocated = THREADS.getCurrentThreadAllocatedBytes();
        // Not the time of the clock: other processes may have the cores.
        long start = THREADS.getCurrentThreadCpuTime();
        read(input);
        long nanoseconds = THREADS.getCurrentThreadCpuTime() - start;
        return new Cost(nanoseconds / 1_000_000, THREADS.getCurrentThreadAllocatedBytes() - allocated);
    }

    /** @throws AssertionError when the reader throws something else than it says */
    public void read(byte[] input) {
        try {
            reader.read(input);
        } catch (Throwable e) {
            if (documented.stream().noneMatch(each -> each.isInstance(e))) {
                throw new AssertionError(name + " does not say that it throws " + e + " of " + described(input), e);
            }
        }
    }

    private static String described(byte[] input) {
        int shown = Math.min(input.length, 2048);
        return input.length + " bytes " + HexFormat.of().formatHex(input, 0, shown)
                + (shown < input.length ? "..." : "");
    }

    /** Inputs that once failed. */
    public List<byte[]> regressions() {
        Path folder = REGRESSIONS.resolve(name);
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            List<byte[]> all = new ArrayList<>();
            for (Path file : files.sorted().toList()) {
                all.add(Files.readAllBytes(file));
            }
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path corpusFile(String name) {
        return REGRESSIONS.resolve(name + ".zip");
    }

    /** Inputs, most of them damaged, that together reach all that fuzzing has reached. */
    public List<byte[]> corpus() {
        Path file = corpusFile(name);
        if (!Files.exists(file)) {
            return List.of();
        }
        List<byte[]> all = new ArrayList<>();
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(file))) {
            while (zip.getNextEntry() != null) {
                all.add(zip.readAllBytes());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return all;
    }

    /**
     * Reads the seeds, which must be valid, what once failed, the corpus, and all of these with damages.
     *
     * @param inputs with damages
     */
    public void replay(int inputs, long seed) throws Exception {
        for (byte[] valid : seeds) {
            reader.read(valid.clone());
        }
        List<byte[]> bases = new ArrayList<>(regressions());
        bases.addAll(corpus());
        bases.forEach(this::check);
        bases.addAll(seeds);
        Random random = new Random(seed);
        for (int i = 0; i < inputs; i++) {
            check(mutated(bases, random));
        }
    }

    static byte[] mutated(List<byte[]> bases, Random random) {
        byte[] file = bases.get(random.nextInt(bases.size())).clone();
        int damages = 1 + random.nextInt(4);
        for (int i = 0; i < damages && file.length > 0; i++) {
            file = damaged(file, bases, random);
        }
        return file;
    }

    private static byte[] damaged(byte[] file, List<byte[]> bases, Random random) {
        int at = random.nextInt(file.length);
        int value = INTERESTING[random.nextInt(INTERESTING.length)];
        int room = file.length - at;
        switch (random.nextInt(9)) {
            case 0 -> file[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> file[at] = (byte) random.nextInt(256);
            case 2 -> file[at] = (byte) value;
            case 3 -> {
                if (room >= 4) {
                    order(file, random).putInt(at, value);
                }
            }
            case 4 -> {
                if (room >= 8) {
                    order(file, random).putLong(at, random.nextBoolean() ? value : (long) value << 32);
                }
            }
            case 5 -> {
                return Arrays.copyOf(file, at);
            }
            case 6 -> {
                int length = random.nextInt(Math.min(room, 64)) + 1;
                return joined(Arrays.copyOf(file, at), Arrays.copyOfRange(file, at + length, file.length));
            }
            case 7 -> {
                int length = random.nextInt(Math.min(room, 256)) + 1;
                return joined(Arrays.copyOf(file, at + length), Arrays.copyOfRange(file, at, file.length));
            }
            default -> {
                byte[] other = bases.get(random.nextInt(bases.size()));
                int from = other.length == 0 ? 0 : random.nextInt(other.length);
                return joined(Arrays.copyOf(file, at), Arrays.copyOfRange(other, from, other.length));
            }
        }
        return file;
    }

    private static ByteBuffer order(byte[] file, Random random) {
        return ByteBuffer.wrap(file).order(random.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    @Override
    public String toString() {
        return name;
    }
}
