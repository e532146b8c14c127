package org.sftn.engine.onednn;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/** Gives buffers of the arena their places: two of which both are in use at some step do not overlap. */
final class ArenaPlan {
    /** Buffers that share a place, one after the other. */
    private static final class Group {
        final List<Buffer> members = new ArrayList<>();
        long bytes;
        int from = Integer.MAX_VALUE;
        int to = -1;
        long offset;

        void add(Buffer buffer) {
            members.add(buffer);
            bytes = Math.max(bytes, buffer.bytes);
            from = Math.min(from, buffer.from);
            to = Math.max(to, buffer.to);
        }
    }

    private final Map<Buffer, Group> groups = new HashMap<>();
    private long bytes;

    /** @param buffers all of the arena that some step uses */
    ArenaPlan(Collection<Buffer> buffers) {
        for (Buffer buffer : buffers) {
            Group group = new Group();
            group.add(buffer);
            groups.put(buffer, group);
        }
    }

    /** Puts a step's output where its input is, if no later step wants the input. */
    void share(Buffer input, Buffer output, int step) {
        Group one = groups.get(input);
        Group other = groups.get(output);
        if (one != null
                && other != null
                && one != other
                // Else the output is on another input of this step already.
                && other.members.size() == 1
                && one.to == step
                && other.from == step
                && input.bytes == output.bytes) {
            other.members.forEach(one::add);
            other.members.forEach(member -> groups.put(member, one));
        }
    }

    /** Sets the offsets. */
    void place() {
        List<Group> all = new ArrayList<>(new LinkedHashSet<>(groups.values()));
        // Equal sizes in the order of their use, so that equal networks get equal plans.
        all.sort(Comparator.<Group>comparingLong(group -> -group.bytes)
                .thenComparingInt(group -> group.from)
                .thenComparingInt(group -> group.to));
        List<Group> placed = new ArrayList<>();
        for (Group group : all) {
            group.offset = lowest(group, placed);
            placed.add(group);
            placed.sort(Comparator.comparingLong(other -> other.offset));
            bytes = Math.max(bytes, group.offset + group.bytes);
            group.members.forEach(member -> member.offset = group.offset);
        }
    }

    private static long lowest(Group group, List<Group> placed) {
        long offset = 0;
        for (Group other : placed) {
            boolean together = other.from <= group.to && group.from <= other.to;
            if (together && other.offset < offset + group.bytes && offset < other.offset + other.bytes) {
                offset = other.offset + other.bytes;
            }
        }
        return offset;
    }

    /** What the arena needs, after {@link #place}. */
    long bytes() {
        return bytes;
    }
}
