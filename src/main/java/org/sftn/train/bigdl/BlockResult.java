package org.sftn.train.bigdl;

import org.sftn.shaded.scala.collection.AbstractIterator;
import org.sftn.shaded.scala.collection.Iterator;

/** The values of a block, for BigDL: see {@link BlockManagerWrapper$}. */
public final class BlockResult {
    private final Iterator<Object> data;

    BlockResult(scala.collection.Iterator<Object> data) {
        this.data = new AbstractIterator<>() {
            @Override
            public boolean hasNext() {
                return data.hasNext();
            }

            @Override
            public Object next() {
                return data.next();
            }
        };
    }

    public Iterator<Object> data() {
        return data;
    }
}
