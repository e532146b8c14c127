package org.sftn.engine.onednn;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Makes oneDNN's objects and destroys them together. Its handles do not free themselves, and a native error that is found late ends
 * the process: every status is looked at.
 */
final class Handles implements AutoCloseable {
    private final Library library = Library.get();
    private final dnnl_stream stream = new dnnl_stream();
    private final Deque<Runnable> releases = new ArrayDeque<>();

    Handles() {
        Library.check("start", dnnl.dnnl_stream_create(stream, library.engine(), dnnl.dnnl_stream_default_flags));
        releases.push(() -> dnnl.dnnl_stream_destroy(stream));
    }

    /** Makes a primitive's description, as the functions of oneDNN's C interface do. */
    @FunctionalInterface
    interface Creation {
        /** @return oneDNN's status */
        int create(dnnl_primitive_desc description);
    }

    Library library() {
        return library;
    }

    /** Memory in a format of oneDNN's, or in the one that a primitive likes best. */
    dnnl_memory_desc layout(Type type, int tag, long... dimensions) {
        dnnl_memory_desc layout = new dnnl_memory_desc();
        Library.check(
                "describe memory",
                dnnl.dnnl_memory_desc_create_with_tag(layout, dimensions.length, dimensions, type.code(), tag));
        return owned(layout);
    }

    /** @param strides in values, one a dimension */
    dnnl_memory_desc layout(Type type, long[] dimensions, long[] strides) {
        dnnl_memory_desc layout = new dnnl_memory_desc();
        Library.check(
                "describe memory",
                dnnl.dnnl_memory_desc_create_with_strides(layout, dimensions.length, dimensions, type.code(), strides));
        return owned(layout);
    }

    /**
     * Some channels of a map where they are in its memory.
     *
     * @param dimensions of the part
     * @param from its first channel
     */
    dnnl_memory_desc channels(dnnl_memory_desc map, long[] dimensions, long from) {
        dnnl_memory_desc layout = new dnnl_memory_desc();
        Library.check(
                "describe memory",
                dnnl.dnnl_memory_desc_create_submemory(layout, map, dimensions, new long[] {0, from, 0, 0}));
        return owned(layout);
    }

    /** What a primitive wants or gives. */
    dnnl_memory_desc layout(dnnl_primitive_desc primitive, int what) {
        return copy(dnnl.dnnl_primitive_desc_query_md(primitive, what, 0));
    }

    dnnl_memory_desc copy(dnnl_memory_desc layout) {
        dnnl_memory_desc copy = new dnnl_memory_desc();
        Library.check("describe memory", dnnl.dnnl_memory_desc_clone(copy, layout));
        return owned(copy);
    }

    private dnnl_memory_desc owned(dnnl_memory_desc layout) {
        releases.push(() -> dnnl.dnnl_memory_desc_destroy(layout));
        return layout;
    }

    static long bytes(dnnl_memory_desc layout) {
        return dnnl.dnnl_memory_desc_get_size(layout);
    }

    static boolean same(dnnl_memory_desc one, dnnl_memory_desc other) {
        return dnnl.dnnl_memory_desc_equal(one, other) != 0;
    }

    /** Attributes of a primitive that takes its scratch memory from us. */
    dnnl_primitive_attr attributes() {
        dnnl_primitive_attr attributes = new dnnl_primitive_attr();
        Library.check("describe a primitive", dnnl.dnnl_primitive_attr_create(attributes));
        releases.push(() -> dnnl.dnnl_primitive_attr_destroy(attributes));
        Library.check(
                "describe a primitive",
                dnnl.dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl.dnnl_scratchpad_mode_user));
        return attributes;
    }

    /** Likewise, with operations on what it has computed. */
    dnnl_primitive_attr attributes(dnnl_post_ops after) {
        dnnl_primitive_attr attributes = attributes();
        Library.check("describe a primitive", dnnl.dnnl_primitive_attr_set_post_ops(attributes, after));
        return attributes;
    }

    /** No operations yet. */
    dnnl_post_ops after() {
        dnnl_post_ops after = new dnnl_post_ops();
        Library.check("describe a primitive", dnnl.dnnl_post_ops_create(after));
        releases.push(() -> dnnl.dnnl_post_ops_destroy(after));
        return after;
    }

    /** @param what for the message when oneDNN has no such primitive */
    dnnl_primitive_desc description(String what, Creation creation) {
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        Library.check("compute " + what, creation.create(description));
        releases.push(() -> dnnl.dnnl_primitive_desc_destroy(description));
        return description;
    }

    /** The channels of several maps, one map after another. */
    dnnl_primitive_desc concatenation(List<dnnl_memory_desc> parts, dnnl_memory_desc whole) {
        try (PointerPointer<dnnl_memory_desc> sources = new PointerPointer<>(parts.toArray(dnnl_memory_desc[]::new));
                PointerPointer<dnnl_primitive_desc> made = new PointerPointer<>(1)) {
            Library.check(
                    "compute a concatenation",
                    dnnl.dnnl_concat_primitive_desc_create(
                            made, library.engine(), whole, parts.size(), 1, sources, attributes()));
            dnnl_primitive_desc description = new dnnl_primitive_desc(made.get());
            releases.push(() -> dnnl.dnnl_primitive_desc_destroy(description));
            return description;
        }
    }

    /** Moves to oneDNN's next implementation of the same, if there is one. */
    static boolean next(dnnl_primitive_desc description) {
        return dnnl.dnnl_primitive_desc_next_impl(description) == dnnl.dnnl_success;
    }

    /** oneDNN's name for it, which begins with the kind of its kernel. */
    static String implementation(dnnl_primitive_desc description) {
        try (PointerPointer<BytePointer> name = new PointerPointer<>(1)) {
            Library.check(
                    "describe a primitive",
                    dnnl.dnnl_primitive_desc_query(description, dnnl.dnnl_query_impl_info_str, 0, name));
            return name.get(BytePointer.class).getString(StandardCharsets.US_ASCII);
        }
    }

    dnnl_primitive primitive(dnnl_primitive_desc description) {
        dnnl_primitive primitive = new dnnl_primitive();
        Library.check("build a primitive", dnnl.dnnl_primitive_create(primitive, description));
        releases.push(() -> dnnl.dnnl_primitive_destroy(primitive));
        return primitive;
    }

    dnnl_memory memory(dnnl_memory_desc layout, Pointer at) {
        dnnl_memory memory = new dnnl_memory();
        Library.check("use memory", dnnl.dnnl_memory_create(memory, layout, library.engine(), at));
        releases.push(() -> dnnl.dnnl_memory_destroy(memory));
        return memory;
    }

    /** Room for the arguments of one execution. */
    dnnl_exec_arg_t arguments(int count) {
        dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(count);
        releases.push(arguments::close);
        return arguments;
    }

    /** Copies between two layouts, outside any program. */
    static void reorder(dnnl_memory_desc from, Pointer source, dnnl_memory_desc to, Pointer target) {
        try (Handles own = new Handles()) {
            dnnl_primitive_desc description = own.description(
                    "a reorder",
                    d -> dnnl.dnnl_reorder_primitive_desc_create(
                            d, from, own.library.engine(), to, own.library.engine(), null));
            dnnl_exec_arg_t arguments = own.arguments(2);
            arguments.position(0).arg(dnnl.DNNL_ARG_SRC).memory(own.memory(from, source));
            arguments.position(1).arg(dnnl.DNNL_ARG_DST).memory(own.memory(to, target));
            own.execute("reorder", own.primitive(description), 2, arguments.position(0));
        }
    }

    /**
     * Computes, and returns when it is done.
     *
     * @param what for the message of a failure
     */
    void execute(String what, dnnl_primitive primitive, int count, dnnl_exec_arg_t arguments) {
        Library.check(what, dnnl.dnnl_primitive_execute(primitive, stream, count, arguments));
    }

    @Override
    public void close() {
        while (!releases.isEmpty()) {
            releases.pop().run();
        }
    }
}
