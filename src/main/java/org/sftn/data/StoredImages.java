package org.sftn.data;

import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.sftn.data.order.Sampler;

/** Images that are in memory or in a local file, in any order at no cost: that of {@link Sampler}. */
record StoredImages(SampleStore store) implements RankImages {
    @Override
    public int size() {
        return store.size();
    }

    @Override
    public long[] indices() {
        return IntStream.range(0, store.size()).mapToLong(store::index).toArray();
    }

    @Override
    public int[] labels() {
        return IntStream.range(0, store.size()).map(store::label).toArray();
    }

    @Override
    public Iterator<List<Sample>> batches(Sampler sampler, int epoch, int firstBatch) {
        return IntStream.range(firstBatch, sampler.batches())
                .mapToObj(batch -> samples(IntStream.of(sampler.positions(epoch, batch))))
                .iterator();
    }

    private List<Sample> samples(IntStream positions) {
        return positions.mapToObj(store::sample).toList();
    }

    @Override
    public Iterator<Sample> inOrder() {
        return IntStream.range(0, store.size()).mapToObj(store::sample).iterator();
    }

    @Override
    public void close() throws IOException {
        store.close();
    }
}
