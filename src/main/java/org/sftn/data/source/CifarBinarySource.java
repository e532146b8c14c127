package org.sftn.data.source;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sftn.conf.Settings;
import org.sftn.conf.UserException;
import org.sftn.data.image.Preprocessing;
import org.sftn.data.image.UnusableImageException;

/**
 * CIFAR-100 in its official binary layout: {@code train.bin} and {@code test.bin}, a record an image of coarse label, fine label
 * and 32 x 32 R, G, B planes; class names from {@code fine_label_names.txt} or {@code coarse_label_names.txt} when it is there.
 */
record CifarBinarySource(
        Path folder, Labels labels, List<String> classNames, Map<Split, Integer> counts, Configuration hadoop)
        implements Source {
    private static final int SIZE = 32;
    private static final int LABEL_BYTES = 2;
    private static final int RECORD_BYTES = LABEL_BYTES + Preprocessing.CHANNELS * SIZE * SIZE;
    private static final int FINE_CLASSES = 100;
    private static final int COARSE_CLASSES = 20;

    /** Which of CIFAR-100's two labels. */
    enum Labels {
        FINE,
        COARSE
    }

    /** {@code prepare.cifar-100-binary}. */
    record CifarSettings(Labels labels) {}

    static CifarBinarySource open(Settings settings, String path, Configuration hadoop) throws IOException {
        Labels labels = settings.bind(path, CifarSettings.class).labels();
        Path folder = InputFolder.given(settings.prepare(), "the folder with train.bin and test.bin", hadoop);
        Map<Split, Integer> counts = Map.of(
                Split.TRAIN,
                records(file(folder, Split.TRAIN), hadoop),
                Split.TEST,
                records(file(folder, Split.TEST), hadoop));
        return new CifarBinarySource(folder, labels, names(folder, labels, hadoop), counts, hadoop);
    }

    private static Path file(Path folder, Split split) {
        return new Path(folder, split.key() + ".bin");
    }

    private static int records(Path file, Configuration hadoop) throws IOException {
        long length;
        try {
            length = file.getFileSystem(hadoop).getFileStatus(file).getLen();
        } catch (FileNotFoundException e) {
            throw new UserException("CIFAR-100 cannot be read: there is no " + file, e);
        }
        long remainder = length % RECORD_BYTES;
        if (remainder != 0) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "%s is truncated: its %d bytes are %d records of %d and %d more",
                    file,
                    length,
                    length / RECORD_BYTES,
                    RECORD_BYTES,
                    remainder));
        }
        if (length == 0) {
            throw new UserException(file + " is empty");
        }
        if (length / RECORD_BYTES > Integer.MAX_VALUE) {
            throw new UserException(
                    String.format(Locale.ROOT, "%s is no file of CIFAR: it has %d bytes", file, length));
        }
        return (int) (length / RECORD_BYTES);
    }

    private static List<String> names(Path folder, Labels labels, Configuration hadoop) throws IOException {
        boolean fine = labels == Labels.FINE;
        int classes = fine ? FINE_CLASSES : COARSE_CLASSES;
        Path file = new Path(folder, fine ? "fine_label_names.txt" : "coarse_label_names.txt");
        if (!file.getFileSystem(hadoop).exists(file)) {
            return ClassNames.none(classes);
        }
        List<String> names = ClassNames.read(file, hadoop).names();
        if (names.size() != classes) {
            throw new UserException(
                    String.format(Locale.ROOT, "%s names %d classes, there are %d", file, names.size(), classes));
        }
        return names;
    }

    @Override
    public int imageSize() {
        return SIZE;
    }

    @Override
    public List<Row> items(Split split) {
        String file = file(folder, split).toString();
        return IntStream.range(0, counts.get(split))
                .mapToObj(number -> new Row(file, number, labels, classNames.size()))
                .toList();
    }

    @Override
    public long bytes(Split split) {
        return (long) counts.get(split) * RECORD_BYTES;
    }

    /** A record of the file. */
    private record Row(String file, int number, Labels labels, int classes) implements Item {
        @Override
        public String name() {
            return new Path(file).getName() + "#" + number;
        }

        @Override
        public Candidate read(InputFiles files) throws IOException {
            try {
                byte[] row = files.part(file, (long) number * RECORD_BYTES, RECORD_BYTES);
                int label = (labels == Labels.FINE ? row[1] : row[0]) & 0xFF;
                if (label >= classes) {
                    return Candidate.rejected(name(), "its label is " + label + ", not 0 to " + (classes - 1));
                }
                byte[] planes = Arrays.copyOfRange(row, LABEL_BYTES, RECORD_BYTES);
                return Candidate.usable(name(), label, planes, planes);
            } catch (UnusableImageException e) {
                return Candidate.rejected(name(), e.getMessage());
            }
        }
    }
}
