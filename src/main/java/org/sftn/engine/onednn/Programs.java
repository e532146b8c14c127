package org.sftn.engine.onednn;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.sftn.engine.Checks;
import org.sftn.nn.Layout;
import org.sftn.nn.Network;
import org.sftn.nn.Tensor;

/** The programs of one executable, one for each batch size and layout of inputs that has come so far. */
final class Programs implements AutoCloseable {
    private record Key(int batch, Map<String, Layout> layouts) {}

    /** Makes a program from a lowered network. */
    @FunctionalInterface
    interface Compiler {
        Compiled compile(Handles handles, Lowering lowering, int batch, Map<String, Layout> layouts);
    }

    private final Network network;
    private final Set<String> outputs;
    private final Type precision;
    private final int largestBatch;
    private final int threads;
    private final ParallelCopy copy;
    private final boolean training;
    private final Map<Key, Compiled> programs = new HashMap<>();
    private final List<Memory> arenas = new ArrayList<>();
    private boolean closed;

    Programs(Network network, Set<String> outputs, Type precision, int largestBatch, int threads, boolean training) {
        if (largestBatch < 1) {
            throw new IllegalArgumentException("the largest batch must be at least 1, not " + largestBatch);
        }
        if (outputs.isEmpty()) {
            throw new IllegalArgumentException("no outputs are asked for; there are the taps "
                    + network.taps().keySet());
        }
        outputs.forEach(network::tap);
        this.network = network;
        this.outputs = new TreeSet<>(outputs);
        this.precision = precision;
        this.largestBatch = largestBatch;
        this.threads = threads;
        this.copy = new ParallelCopy(threads);
        this.training = training;
    }

    Network network() {
        return network;
    }

    Set<String> outputs() {
        return outputs;
    }

    ParallelCopy copy() {
        return copy;
    }

    /** The program for the largest batch of images as data loaders make them. */
    Compiled first(Compiler compiler) {
        Map<String, Layout> layouts = new TreeMap<>();
        network.inputs().keySet().forEach(name -> layouts.put(name, Layout.CHANNELS_LAST));
        return of(new Key(largestBatch, layouts), compiler);
    }

    /** The program that fits the inputs, which are checked. */
    Compiled of(Map<String, Tensor> inputs, Compiler compiler) {
        requireOpen();
        int batch = Checks.batch(network, inputs, largestBatch, layout -> true);
        Map<String, Layout> layouts = new TreeMap<>();
        inputs.forEach((name, tensor) -> layouts.put(name, tensor.layout()));
        return of(new Key(batch, layouts), compiler);
    }

    private Compiled of(Key key, Compiler compiler) {
        Library.get().useThreads(threads);
        Compiled known = programs.get(key);
        if (known != null) {
            return known;
        }
        Handles handles = new Handles();
        try {
            Lowering lowering = new Lowering(handles, network, outputs, precision, key.batch, training);
            Compiled compiled = compiler.compile(handles, lowering, key.batch, key.layouts);
            programs.put(key, compiled);
            return compiled;
        } catch (RuntimeException | Error e) {
            handles.close();
            throw e;
        }
    }

    /** Only one program is at work at a time: the largest batch's memory serves the smaller ones. */
    Memory arena(long bytes) {
        for (Memory arena : arenas) {
            if (arena.bytes() >= bytes) {
                return arena;
            }
        }
        Memory arena = new Memory(bytes);
        arenas.add(arena);
        return arena;
    }

    Collection<Compiled> all() {
        return programs.values();
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the executable is closed");
        }
    }

    /** For what the calling thread computes next. */
    void useThreads() {
        Library.get().useThreads(threads);
    }

    @Override
    public void close() {
        closed = true;
        programs.values().forEach(Compiled::close);
        programs.clear();
        arenas.forEach(Memory::close);
        arenas.clear();
    }
}
