package org.sftn.data.source;

import java.io.IOException;
import java.io.Serializable;

/** An image where its source has it. Equal items, by {@link Object#toString}, give equal bytes unless the source has changed. */
public interface Item extends Serializable {
    /** For people, unique in its split. */
    String name();

    /**
     * Reads and checks the image, on an executor.
     *
     * @throws IOException when the file system fails, which may pass; what is wrong with the image is the candidate's rejection
     */
    Candidate read(InputFiles files) throws IOException;
}
