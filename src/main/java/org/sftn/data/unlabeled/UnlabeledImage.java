package org.sftn.data.unlabeled;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sftn.data.image.UnusableImageException;
import org.sftn.data.source.InputFiles;

/** An image file that nobody has read yet. */
public interface UnlabeledImage {
    /** For people, printable. */
    String name();

    /** What its source knows of it otherwise: the values of a row's columns that are passed through, which may be null. */
    default List<@Nullable Object> passed() {
        return List.of();
    }

    /** Of the file, in bytes. */
    long length();

    /**
     * All bytes of the file. Any thread may call it.
     *
     * @throws IOException when the file system fails, which may pass
     * @throws UnusableImageException when the file cannot be used, with the reason
     */
    byte[] read(InputFiles files) throws IOException, UnusableImageException;

    /** One whose file cannot even be read. */
    static UnlabeledImage unusable(String name, String reason) {
        return new UnlabeledImage() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public long length() {
                return 0;
            }

            @Override
            public byte[] read(InputFiles files) throws UnusableImageException {
                throw new UnusableImageException(reason);
            }
        };
    }
}
