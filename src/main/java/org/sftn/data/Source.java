package org.sftn.data;

import java.util.List;

/** Where the prepare job takes images from. Made on the driver, where it lists them and checks what it can. */
interface Source {
    /** By label. */
    List<String> classNames();

    /** Height and width of the images that training will see. */
    int imageSize();

    /** All images of a split in the source's own order, those that turn out unusable included. */
    List<? extends Item> items(Split split);

    /** About how many bytes the shards of a split will hold. */
    long bytes(Split split);

    /** What of a split could not even be listed. */
    default List<Rejection> unlisted(Split split) {
        return List.of();
    }

    /** What of it is not taken, in lines for people. */
    default List<String> remarks() {
        return List.of();
    }
}
