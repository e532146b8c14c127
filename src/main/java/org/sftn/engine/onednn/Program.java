package org.sftn.engine.onednn;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongFunction;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;
import org.sftn.engine.onednn.Buffer.Region;

/**
 * A list of primitives with their arguments, in memory that is planned once. First it is recorded, step by step; {@link #seal} plans
 * the memory; then any range of steps can be run again and again without allocating anything.
 */
final class Program implements AutoCloseable {
    /** One argument of a step, seen in a layout that may differ from the buffer's own. */
    private record Argument(int id, Buffer buffer, dnnl_memory_desc layout) {}

    /** An output that may take the place of an input. */
    private record Overwrite(Buffer input, Buffer output) {}

    /** A place in memory seen in a layout. */
    private record View(Buffer buffer, dnnl_memory_desc layout) {}

    /** A primitive and what it works on. */
    final class Step {
        private final String name;
        private final dnnl_primitive_desc description;
        private final dnnl_primitive primitive;
        private final List<Argument> arguments = new ArrayList<>();
        private final List<Overwrite> overwrites = new ArrayList<>();

        private Step(String name, dnnl_primitive_desc description) {
            this.name = name;
            this.description = description;
            this.primitive = handles.primitive(description);
        }

        Step with(int id, Buffer buffer) {
            return with(id, buffer, buffer.layout);
        }

        Step with(int id, Buffer buffer, dnnl_memory_desc layout) {
            use(buffer, steps.size() - 1);
            arguments.add(new Argument(id, buffer, layout));
            return this;
        }

        /** The output, which may take the place of an input that no later step wants. */
        Step in(int id, Buffer output, Buffer... inputs) {
            with(id, output);
            for (Buffer input : inputs) {
                overwrites.add(new Overwrite(input, output));
            }
            return this;
        }
    }

    private final Handles handles;
    private final List<Step> steps = new ArrayList<>();
    /** Those of the arena. */
    private final Set<Buffer> values = new LinkedHashSet<>();

    private final Map<Region, Memory> memories = new EnumMap<>(Region.class);
    private final Map<String, List<Buffer>> zeroed = new HashMap<>();
    private long kept;
    private String[] names = {};
    private dnnl_primitive[] primitives = {};
    private int[] counts = {};
    private dnnl_exec_arg_t[] arguments = {};

    Program(Handles handles) {
        this.handles = handles;
    }

    /** A new value of the arena. */
    Buffer value(dnnl_memory_desc layout) {
        return new Buffer(layout, Region.ARENA, 0);
    }

    /** A new value that no other takes the place of; zero until it is written. */
    Buffer kept(dnnl_memory_desc layout) {
        Buffer buffer = new Buffer(layout, Region.KEPT, kept);
        kept += buffer.bytes;
        return buffer;
    }

    /**
     * Memory that is zero wherever no step writes. It is given again for the same layout and role: one user is done with it before
     * the next.
     */
    Buffer zeroed(String role, dnnl_memory_desc layout) {
        List<Buffer> known = zeroed.computeIfAbsent(role, r -> new ArrayList<>());
        for (Buffer buffer : known) {
            if (Handles.same(buffer.layout, layout)) {
                return buffer;
            }
        }
        Buffer buffer = kept(layout);
        known.add(buffer);
        return buffer;
    }

    Step step(String name, dnnl_primitive_desc description) {
        Step step = new Step(name, description);
        steps.add(step);
        return step;
    }

    /** Copies to another layout or type. */
    Buffer reordered(String name, Buffer from, dnnl_memory_desc layout) {
        Buffer to = value(layout);
        reorder(name, from, from.layout, to, layout);
        return to;
    }

    void reorder(String name, Buffer from, dnnl_memory_desc source, Buffer to, dnnl_memory_desc target) {
        dnnl_primitive_desc description = handles.description(
                "a reorder of " + name,
                d -> dnnl.dnnl_reorder_primitive_desc_create(
                        d,
                        source,
                        handles.library().engine(),
                        target,
                        handles.library().engine(),
                        handles.attributes()));
        step(name + " reorder", description)
                .with(dnnl.DNNL_ARG_SRC, from, source)
                .with(dnnl.DNNL_ARG_DST, to, target);
    }

    /** The channels of several maps, one map after another. */
    Buffer concatenated(String name, List<Buffer> parts, dnnl_memory_desc layout) {
        Buffer whole = value(layout);
        List<dnnl_memory_desc> layouts = parts.stream().map(part -> part.layout).toList();
        Step step = step(name + " concat", handles.concatenation(layouts, layout));
        for (int i = 0; i < parts.size(); i++) {
            step.with(dnnl.DNNL_ARG_MULTIPLE_SRC + i, parts.get(i));
        }
        step.with(dnnl.DNNL_ARG_DST, whole);
        return whole;
    }

    /** A copy of as many channels of a map as the like has. */
    Buffer channels(String name, Buffer map, int from, Value like) {
        Buffer part = value(like.layout);
        reorder(name + " channels", map, handles.channels(map.layout, like.dimensions(), from), part, like.layout);
        return part;
    }

    /** The number of steps so far. */
    int size() {
        return steps.size();
    }

    /** Says that a value is written by us before a step, or read after one. */
    void use(Buffer buffer, int step) {
        if (buffer.region == Region.ARENA) {
            buffer.use(step);
            values.add(buffer);
        }
    }

    /**
     * Plans the memory. Nothing can be recorded after it.
     *
     * @param shared memory of regions that outlive the program
     * @param arena gives at least so many bytes, which other programs may use when this one does not run
     */
    void seal(Map<Region, Memory> shared, LongFunction<Memory> arena) {
        ArenaPlan plan = new ArenaPlan(values);
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            for (Overwrite overwrite : step.overwrites) {
                plan.share(overwrite.input, overwrite.output, i);
            }
        }
        plan.place();
        long scratch = 0;
        for (Step step : steps) {
            scratch = Math.max(scratch, Handles.bytes(scratchpad(step)));
        }
        memories.putAll(shared);
        Memory common = arena.apply(plan.bytes() + Memory.roundedUp(scratch));
        memories.put(Region.ARENA, common);
        memories.put(Region.KEPT, new Memory(kept));
        Map<View, dnnl_memory> views = new HashMap<>();
        names = new String[steps.size()];
        primitives = new dnnl_primitive[steps.size()];
        counts = new int[steps.size()];
        arguments = new dnnl_exec_arg_t[steps.size()];
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            names[i] = "compute " + step.name;
            primitives[i] = step.primitive;
            counts[i] = step.arguments.size() + 1;
            dnnl_exec_arg_t all = handles.arguments(counts[i]);
            int place = 0;
            for (Argument argument : step.arguments) {
                dnnl_memory memory = views.computeIfAbsent(
                        new View(argument.buffer, argument.layout),
                        view -> handles.memory(
                                view.layout, memories.get(view.buffer.region).at(view.buffer.offset)));
                all.position(place++).arg(argument.id).memory(memory);
            }
            all.position(place)
                    .arg(dnnl.DNNL_ARG_SCRATCHPAD)
                    .memory(handles.memory(scratchpad(step), common.at(plan.bytes())));
            arguments[i] = all.position(0);
        }
    }

    private dnnl_memory_desc scratchpad(Step step) {
        return handles.layout(step.description, dnnl.dnnl_query_scratchpad_md);
    }

    /** Runs the steps from one to before another. */
    void run(int from, int to) {
        for (int i = from; i < to; i++) {
            handles.execute(names[i], primitives[i], counts[i], arguments[i]);
        }
    }

    /** A view of the floats of a buffer, after {@link #seal}. */
    FloatBuffer floats(Buffer buffer) {
        return memories.get(buffer.region)
                .floats(buffer.offset, Math.toIntExact(Handles.bytes(buffer.layout) / Float.BYTES));
    }

    /** Where a buffer lies, after {@link #seal}. */
    Pointer address(Buffer buffer) {
        return memories.get(buffer.region).at(buffer.offset);
    }

    @Override
    public void close() {
        Memory own = memories.remove(Region.KEPT);
        if (own != null) {
            own.close();
        }
    }
}
