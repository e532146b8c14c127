package org.sftn.data.unlabeled;

import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;

/** A part of {@link UnlabeledImages} that one task reads. Equal parts, by {@link Object#toString}, have equal images unless a file has changed. */
public interface UnlabeledPart extends Serializable {
    /** On an executor. */
    Iterator<UnlabeledImage> images(Configuration hadoop) throws IOException;
}
