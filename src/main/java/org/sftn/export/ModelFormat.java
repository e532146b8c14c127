package org.sftn.export;

import java.io.IOException;
import java.io.OutputStream;
import org.sftn.model.SavedModel;

/** A file format that programs of others read models from. */
public interface ModelFormat {
    /**
     * Writes everything and leaves the stream open. The same model gives the same bytes.
     *
     * @throws org.sftn.conf.UserException when the model's description and weights do not fit together
     */
    void write(SavedModel model, OutputStream out) throws IOException;
}
