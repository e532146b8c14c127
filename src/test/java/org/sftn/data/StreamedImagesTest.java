package org.sftn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sftn.conf.DataSettings.Damaged;
import org.sftn.conf.UserException;
import org.sftn.data.order.Sampler;
import org.sftn.data.shard.ShardFile;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StreamedImagesTest {
    private static final Configuration HADOOP = new Configuration();
    private static final int IMAGES = 103;
    private static final int SHARD = 10;
    private static final int BATCH = 8;

    private Path shards;

    @TempDir
    Path copy;

    /** Eleven shards of ten images, the last one of three. */
    @BeforeAll
    void write(@TempDir Path folder) throws IOException {
        shards = folder;
        for (int first = 0; first < IMAGES; first += SHARD) {
            try (ShardFile.Writer writer = new ShardFile.Writer(
                    new org.apache.hadoop.fs.Path(file(shards, first).toUri()), HADOOP)) {
                for (int i = first; i < Math.min(IMAGES, first + SHARD); i++) {
                    writer.write(i % 7, "image " + i, bytes(i));
                }
            }
        }
    }

    private static Path file(Path folder, int first) {
        return folder.resolve(String.format(Locale.ROOT, "part-%05d.parquet", first / SHARD));
    }

    private static byte[] bytes(int index) {
        return ("the bytes of image " + index).getBytes(StandardCharsets.UTF_8);
    }

    private static List<ShardRange> ranges(Path folder, int first, int end, Damaged damaged) {
        List<ShardRange> ranges = new ArrayList<>();
        for (int start = 0; start < IMAGES; start += SHARD) {
            int from = Math.max(first, start);
            int to = Math.min(Math.min(IMAGES, start + SHARD), end);
            if (from < to) {
                ranges.add(
                        new ShardRange(file(folder, start).toString(), from, from - start, to - from, 7, 0, damaged));
            }
        }
        return ranges;
    }

    /** Of a rank of two: images 0 to 51 or 52 to 102. */
    private StreamedImages rank(int rank, int buffer) {
        return new StreamedImages(
                ranges(shards, rank == 0 ? 0 : 52, rank == 0 ? 52 : IMAGES, Damaged.FAIL), buffer, HADOOP);
    }

    private static Sampler sampler(int rank) {
        return new Sampler(IMAGES, BATCH, rank, 2, 5);
    }

    private static List<List<Long>> indices(Iterator<List<Sample>> batches) {
        List<List<Long>> indices = new ArrayList<>();
        batches.forEachRemaining(
                batch -> indices.add(batch.stream().map(Sample::index).toList()));
        return indices;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 16, 1000})
    void anEpochSeesEveryImageOnceInBatchesOfTheSamplersSizes(int buffer) throws IOException {
        List<Long> seen = new ArrayList<>();
        for (int rank = 0; rank < 2; rank++) {
            try (StreamedImages images = rank(rank, buffer)) {
                List<List<Long>> batches = indices(images.batches(sampler(rank), 3, 0));
                assertThat(batches).hasSize(sampler(rank).batches());
                for (int b = 0; b < batches.size(); b++) {
                    assertThat(batches.get(b)).hasSize(sampler(rank).localSize(b));
                    seen.addAll(batches.get(b));
                }
            }
        }
        assertThat(seen)
                .containsExactlyInAnyOrderElementsOf(
                        LongStream.range(0, IMAGES).boxed().toList());
    }

    @Test
    void theOrderIsRandomAndAnotherInEachEpoch() throws IOException {
        try (StreamedImages images = rank(0, 16)) {
            List<List<Long>> first = indices(images.batches(sampler(0), 0, 0));
            assertThat(indices(images.batches(sampler(0), 0, 0))).isEqualTo(first);
            assertThat(indices(images.batches(sampler(0), 1, 0))).isNotEqualTo(first);
            assertThat(indices(images.batches(new Sampler(IMAGES, BATCH, 0, 2, 6), 0, 0)))
                    .isNotEqualTo(first);
            List<Long> flat = first.stream().flatMap(List::stream).toList();
            assertThat(flat).isNotEqualTo(flat.stream().sorted().toList());
        }
    }

    @Test
    void anEpochCanBeEnteredAtAnyBatch() throws IOException {
        try (StreamedImages images = rank(1, 16)) {
            List<List<Long>> whole = indices(images.batches(sampler(1), 2, 0));
            for (int first = 1; first < whole.size(); first++) {
                assertThat(indices(images.batches(sampler(1), 2, first))).isEqualTo(whole.subList(first, whole.size()));
            }
        }
    }

    @Test
    void imagesComeWithTheirBytesAndLabels() throws IOException {
        try (StreamedImages images = rank(1, 16)) {
            assertThat(images.size()).isEqualTo(51);
            assertThat(images.indices()).isEqualTo(LongStream.range(52, IMAGES).toArray());
            int[] labels = images.labels();
            Iterator<Sample> inOrder = images.inOrder();
            for (int i = 52; i < IMAGES; i++) {
                Sample sample = inOrder.next();
                assertThat(sample.index()).isEqualTo(i);
                assertThat(sample.label()).isEqualTo(i % 7).isEqualTo(labels[i - 52]);
                assertThat(sample.name()).isEqualTo("image " + i);
                assertThat(sample.image()).isEqualTo(bytes(i));
            }
            assertThat(inOrder.hasNext()).isFalse();
        }
    }

    /** A copy in which shard 1 has another byte in an image, shard 2 is cut, shard 3 is missing. */
    private Path damaged() throws IOException {
        try (var files = Files.list(shards)) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".parquet")).toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        Path flipped = file(copy, 10);
        byte[] content = Files.readAllBytes(flipped);
        String text = new String(content, StandardCharsets.ISO_8859_1);
        content[text.indexOf("the bytes of image 14")] ^= 1;
        Files.write(flipped, content);
        Path cut = file(copy, 20);
        Files.write(cut, java.util.Arrays.copyOf(Files.readAllBytes(cut), 100));
        Files.delete(file(copy, 30));
        return copy;
    }

    @Test
    void whatIsDamagedIsSkippedWhenItMayBe() throws IOException {
        List<ShardRange> ranges = ranges(damaged(), 0, 50, Damaged.SKIP);
        List<Long> whole = new ArrayList<>();
        List<Long> damaged = new ArrayList<>();
        try (StreamedImages images = new StreamedImages(ranges, 16, HADOOP)) {
            images.inOrder().forEachRemaining(s -> (s.isDamaged() ? damaged : whole).add(s.index()));
            assertThat(images.labels()).hasSize(50);
        }
        List<Long> expected = new ArrayList<>(List.of(14L));
        LongStream.range(20, 40).forEach(expected::add);
        assertThat(damaged).isEqualTo(expected);
        assertThat(whole).hasSize(29);
    }

    @Test
    void whatIsDamagedIsNamedOtherwise() throws IOException {
        damaged();

        assertThatThrownBy(() -> read(10, 20))
                .isInstanceOf(UserException.class)
                .hasMessage("the shard %s is damaged at image 14: image 14 is not what was written", file(copy, 10));
        assertThatThrownBy(() -> read(20, 30))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("the shard " + file(copy, 20) + " is damaged before image 20, 10 images: ");
        assertThatThrownBy(() -> read(30, 40))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("the shard " + file(copy, 30) + " is damaged before image 30, 10 images: ")
                .hasMessageContaining("does not exist");
    }

    private void read(int first, int end) throws IOException {
        try (StreamedImages images = new StreamedImages(ranges(copy, first, end, Damaged.FAIL), 16, HADOOP)) {
            // By way of the window's thread.
            indices(images.batches(new Sampler(end - first, 2, 0, 1, 1), 0, 0));
        }
    }
}
