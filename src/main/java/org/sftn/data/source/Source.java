package org.sftn.data.source;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import org.apache.hadoop.fs.Path;

/** Where the prepare job takes images from. Made on the driver, where it lists them and checks what it can. */
public interface Source {
    /** By label. */
    List<String> classNames();

    /** Height and width of the images that training will see. */
    int imageSize();

    /** How many images a split has, those that turn out unusable included. */
    default long images(Split split) {
        return items(split).size();
    }

    /**
     * The source with all that can be asked of it. One whose images cannot be read in any order has neither items nor bytes before
     * they are staged.
     *
     * @param folder of its own, for files that items are read from; what an earlier call left there is used if it is whole and of the
     *     same images
     * @param out takes lines of progress
     */
    default Source staged(Path folder, PrintStream out) throws IOException {
        return this;
    }

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
