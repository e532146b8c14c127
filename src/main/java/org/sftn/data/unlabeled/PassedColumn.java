package org.sftn.data.unlabeled;

import java.io.Serializable;

/** A column of a table that goes with the images, whatever becomes of them; its values may be null. */
public record PassedColumn(String name, Type type) implements Serializable {
    /** What it holds. */
    public enum Type {
        /** {@link String}. */
        TEXT,
        /** {@link Number} whose value is a long's. */
        INTEGER,
        /** {@link Number} whose value is a double's. */
        NUMBER,
        /** {@link Boolean}. */
        TRUTH
    }
}
