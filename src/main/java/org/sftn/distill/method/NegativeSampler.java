package org.sftn.distill.method;

import java.util.Arrays;
import java.util.Locale;
import org.sftn.conf.UserException;
import org.sftn.data.order.RandomStream;
import org.sftn.distill.method.Crd.Positive;

/**
 * Draws negatives of other classes from the images of one executor. A batch shares one random order of the rows: the negatives of
 * an image are the first of it that are not of its class, so they are drawn without replacement, as if for it alone. Where the other
 * classes have too few rows they are drawn with replacement, for each class in the batch. For one step at a time.
 */
final class NegativeSampler {
    private final int[] labels;
    private final int each;
    private final Positive positive;
    /** The rows of class c are those from {@code starts[c]} to {@code starts[c + 1]}. */
    private final int[] byClass;

    private final int[] starts;
    private final float[][] counts;
    /** For each class its place in {@link #counts}, or -1. */
    private final int[] places;

    /** For each place, how much of the pool its images use. */
    private final int[] ends;

    private int[] pool;
    private int[] swapped;

    /**
     * @param labels of the rows
     * @param batch images, at most
     * @param each negatives of an image
     */
    NegativeSampler(int[] labels, int batch, int each, Positive positive) {
        this.labels = labels;
        this.each = each;
        this.positive = positive;
        int classes = Arrays.stream(labels).max().orElse(-1) + 1;
        starts = new int[classes + 1];
        for (int label : labels) {
            starts[label + 1]++;
        }
        Arrays.parallelPrefix(starts, Integer::sum);
        byClass = new int[labels.length];
        int[] next = starts.clone();
        for (int row = 0; row < labels.length; row++) {
            byClass[next[labels[row]]++] = row;
        }
        counts = new float[batch][0];
        places = new int[classes];
        Arrays.fill(places, -1);
        ends = new int[batch];
        int expected = Math.min(labels.length, each + each / 8);
        pool = new int[expected];
        swapped = new int[expected];
    }

    /**
     * @param rows of the batch's images
     * @return valid until the next call
     * @throws UserException when the executor has images of one class only
     */
    Negatives draw(int[] rows, RandomStream random) {
        int[] positives = positives(rows, random);
        int[] present = Arrays.stream(rows).map(row -> labels[row]).distinct().toArray();
        for (int c : present) {
            if (others(c) == 0) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "crd compares images with those of other classes on the same executor; all %d images of this one are of class %d",
                        labels.length,
                        c));
            }
        }
        int[] rich = Arrays.stream(present).filter(c -> others(c) >= each).toArray();
        int[] poor = Arrays.stream(present).filter(c -> others(c) < each).toArray();
        for (int place = 0; place < rich.length; place++) {
            places[rich[place]] = place;
        }
        int shared = rich.length == 0 ? 0 : drawWithoutReplacement(rich.length, random);
        int size = shared + addRowsFor(poor, shared);
        countWithoutReplacement(rich.length, shared, size);
        for (int i = 0; i < poor.length; i++) {
            places[poor[i]] = rich.length + i;
            countWithReplacement(poor[i], poor.length, shared, size, random);
        }
        float[][] ofImages = new float[rows.length][];
        Arrays.setAll(ofImages, i -> counts[places[labels[rows[i]]]]);
        for (int c : present) {
            places[c] = -1;
        }
        return new Negatives(positives, pool, size, ofImages, each);
    }

    private int own(int c) {
        return starts[c + 1] - starts[c];
    }

    private int others(int c) {
        return labels.length - own(c);
    }

    private int[] positives(int[] rows, RandomStream random) {
        if (positive == Positive.EXACT) {
            return rows;
        }
        return Arrays.stream(rows)
                .map(row -> byClass[starts[labels[row]] + random.nextInt(own(labels[row]))])
                .toArray();
    }

    /**
     * The start of a random order of all rows, long enough for all classes that have a place. Notes in {@link #ends} where the
     * negatives of each are complete.
     */
    private int drawWithoutReplacement(int classes, RandomStream random) {
        Arrays.fill(ends, 0, classes, each);
        int size = 0;
        for (int end = each; size < end; size++) {
            reserve(size + 1);
            int other = size + random.nextInt(labels.length - size);
            int row = byClass[other];
            byClass[other] = byClass[size];
            byClass[size] = row;
            swapped[size] = other;
            pool[size] = row;
            int place = places[labels[row]];
            if (place >= 0 && size < ends[place]) {
                ends[place]++;
                end = Math.max(end, ends[place]);
            }
        }
        for (int i = size - 1; i >= 0; i--) {
            int row = byClass[i];
            byClass[i] = byClass[swapped[i]];
            byClass[swapped[i]] = row;
        }
        return size;
    }

    /** @return how many: those of other classes for one class, all rows for several, in the order of {@link #byClass} */
    private int addRowsFor(int[] poor, int at) {
        if (poor.length == 0) {
            return 0;
        }
        int without = poor.length == 1 ? own(poor[0]) : 0;
        int before = poor.length == 1 ? starts[poor[0]] : 0;
        int added = labels.length - without;
        reserve(at + added);
        System.arraycopy(byClass, 0, pool, at, before);
        System.arraycopy(byClass, before + without, pool, at + before, added - before);
        return added;
    }

    private void countWithoutReplacement(int classes, int shared, int size) {
        for (int place = 0; place < classes; place++) {
            float[] count = counts(place, size);
            Arrays.fill(count, 0, ends[place], 1);
            Arrays.fill(count, ends[place], size, 0);
        }
        for (int i = 0; i < shared; i++) {
            int place = places[labels[pool[i]]];
            if (place >= 0) {
                counts[place][i] = 0;
            }
        }
    }

    private void countWithReplacement(int c, int poor, int from, int size, RandomStream random) {
        float[] count = counts(places[c], size);
        Arrays.fill(count, 0, size, 0);
        int before = starts[c];
        int skipped = poor == 1 ? 0 : own(c);
        for (int i = 0; i < each; i++) {
            int other = random.nextInt(others(c));
            count[from + (other < before ? other : other + skipped)]++;
        }
    }

    private float[] counts(int place, int size) {
        if (counts[place].length < size) {
            counts[place] = new float[pool.length];
        }
        return counts[place];
    }

    private void reserve(int size) {
        if (pool.length < size) {
            pool = Arrays.copyOf(pool, Math.max(size, pool.length + pool.length / 8));
            swapped = Arrays.copyOf(swapped, pool.length);
        }
    }
}
