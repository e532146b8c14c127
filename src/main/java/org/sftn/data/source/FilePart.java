package org.sftn.data.source;

import java.io.IOException;
import org.sftn.data.image.ImageFile;

/**
 * An image file that is a part of a larger file, such as a tar.
 *
 * @param file a Hadoop path
 * @param offset of its first byte
 * @param length in bytes, at most {@link ImageFile#MAX_FILE_BYTES}
 */
record FilePart(String file, long offset, int length, String name, int label, ImageForm form) implements Item {
    @Override
    public Candidate read(InputFiles files) throws IOException {
        return form.candidate(name, label, () -> files.part(file, offset, length));
    }
}
