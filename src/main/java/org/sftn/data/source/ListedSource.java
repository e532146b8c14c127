package org.sftn.data.source;

import java.util.List;
import java.util.Map;

/**
 * A source whose images have all been found.
 *
 * @param items by split, in the source's order
 * @param bytes by split
 * @param unlisted by split
 */
record ListedSource(
        List<String> classNames,
        Map<Split, List<? extends Item>> items,
        Map<Split, Long> bytes,
        Map<Split, List<Rejection>> unlisted,
        List<String> remarks,
        int imageSize)
        implements Source {
    /** @param parts by split, all of one form */
    static ListedSource of(
            List<String> classNames,
            Map<Split, List<FilePart>> parts,
            Map<Split, List<Rejection>> unlisted,
            List<String> remarks,
            ImageForm form) {
        return new ListedSource(
                classNames,
                Map.copyOf(parts),
                Map.of(
                        Split.TRAIN, bytes(parts.get(Split.TRAIN), form),
                        Split.TEST, bytes(parts.get(Split.TEST), form)),
                unlisted,
                remarks,
                form.imageSize());
    }

    private static long bytes(List<FilePart> parts, ImageForm form) {
        return parts.stream().mapToLong(part -> form.stored(part.length())).sum();
    }

    @Override
    public List<? extends Item> items(Split split) {
        return items.get(split);
    }

    @Override
    public long bytes(Split split) {
        return bytes.get(split);
    }

    @Override
    public List<Rejection> unlisted(Split split) {
        return unlisted.getOrDefault(split, List.of());
    }
}
