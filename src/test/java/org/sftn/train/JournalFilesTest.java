package org.sftn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.ObjectStore;
import org.sftn.conf.UserException;
import org.sftn.train.progress.EpochRow;
import org.sftn.train.progress.EventFile;
import org.sftn.train.progress.MetricsFile;
import org.sftn.train.quantity.EvaluationSums;
import org.sftn.train.quantity.StepQuantity;
import org.sftn.train.quantity.StepSums;
import org.sftn.train.quantity.Tally;
import org.tensorflow.util.Event;

class JournalFilesTest {
    private static final Configuration HADOOP = new Configuration();

    @TempDir
    private Path folder;

    @Test
    void metricsHaveARowAnEpochAndNoneTwice() throws IOException {
        Path file = folder.resolve("metrics.csv");
        MetricsFile metrics = MetricsFile.open(hadoop(file), 0, HADOOP);
        metrics.add(row(1, null));
        metrics.add(row(2, new EvaluationSums(10, 4, 8, 15, 0)));
        metrics.add(row(3, null));
        MetricsFile again = MetricsFile.open(hadoop(file), 250, HADOOP);
        again.add(row(3, new EvaluationSums(10, 5, 10, 5, 3)));
        assertThat(Files.readString(file)).isEqualTo("""
                        epoch,iteration,learning_rate,train_loss,train_loss_ce,train_loss_kl,train_top1,train_top1_branch1,skipped_images,test_loss,test_top1,test_top5,skipped_test_images,data_wait_share,exchange_share,step_milliseconds,longest_step_milliseconds,images_per_second,seconds
                        1,100,0.1,1.5,1.0,0.5,0.25,0.125,1,,,,,0.2500,0.1250,500.0000,700.0000,12.3,1.235
                        2,200,0.1,1.5,1.0,0.5,0.25,0.125,1,1.5,0.4,0.8,0,0.2500,0.1250,500.0000,700.0000,12.3,1.235
                        3,300,0.1,1.5,1.0,0.5,0.25,0.125,1,0.5,0.5,1.0,3,0.2500,0.1250,500.0000,700.0000,12.3,1.235
                        """);
    }

    @Test
    void metricsWithoutIterationsAreRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("metrics.csv"), "epoch,iteration\n1\n");
        assertThatThrownBy(() -> MetricsFile.open(hadoop(file), 0, HADOOP))
                .isInstanceOf(UserException.class)
                .hasMessageEndingWith("it is no file of metrics: a row has no iteration");
    }

    @Test
    void eventsAreReadByTensorFlowsOwnMessages() throws IOException {
        try (EventFile events = new EventFile(hadoop(folder.resolve("events")), "first", 40, HADOOP)) {
            Map<String, Double> scalars = new LinkedHashMap<>();
            scalars.put("train/loss", 0.5);
            scalars.put("learning_rate", 0.1);
            events.add(50, scalars);
            assertThat(read()).hasSize(3);
        }
        List<Event> events = read();
        assertThat(events.get(0).getFileVersion()).isEqualTo("brain.Event:2");
        assertThat(events.get(1).getStep()).isEqualTo(40);
        assertThat(events.get(1).getSessionLog().getStatusValue()).isEqualTo(1);
        assertThat(events.get(2).getStep()).isEqualTo(50);
        assertThat(events.get(2).getWallTime()).isGreaterThan(1.5e9);
        assertThat(events.get(2).getSummary().getValue(0).getTag()).isEqualTo("train/loss");
        assertThat(events.get(2).getSummary().getValue(0).getSimpleValue()).isEqualTo(0.5f);
        assertThat(events.get(2).getSummary().getValue(1).getTag()).isEqualTo("learning_rate");
    }

    @Test
    void eventsCanBeFollowedWhereNothingIsFlushed() throws IOException {
        org.apache.hadoop.fs.Path store = new org.apache.hadoop.fs.Path(ObjectStore.SCHEME + ":" + folder);
        try (EventFile events = new EventFile(new org.apache.hadoop.fs.Path(store, "events"), "first", 40, HADOOP)) {
            events.add(50, Map.of("train/loss", 0.5));
            events.show();
            assertThat(read()).hasSize(3);
            events.add(60, Map.of("train/loss", 0.25));
            assertThat(read()).hasSize(3);
            events.show();
            assertThat(read()).hasSize(4);
            events.add(70, Map.of("train/loss", 0.125));
        }
        assertThat(read()).extracting(Event::getStep).containsExactly(0L, 40L, 50L, 60L, 70L);
    }

    private List<Event> read() throws IOException {
        Path file;
        try (Stream<Path> files = Files.list(folder.resolve("events"))) {
            file = files.toList().get(0);
        }
        assertThat(file.getFileName().toString()).matches("events\\.out\\.tfevents\\.\\d{10}\\.first");
        List<Event> events = new ArrayList<>();
        try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
            while (in.available() > 0) {
                byte[] head = in.readNBytes(8);
                assertThat(Integer.reverseBytes(in.readInt())).isEqualTo(masked(head));
                byte[] event = in.readNBytes(head[0] & 0xFF);
                assertThat(Integer.reverseBytes(in.readInt())).isEqualTo(masked(event));
                events.add(Event.parseFrom(event));
            }
        }
        return events;
    }

    // As TensorFlow's record_writer.cc: rotated right by 15 bits, plus a constant.
    private static int masked(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    }

    private static EpochRow row(int epoch, EvaluationSums test) {
        Map<String, Double> terms = new LinkedHashMap<>();
        terms.put("ce", 8.0);
        terms.put("kl", 4.0);
        Map<String, Long> correct = new LinkedHashMap<>();
        correct.put("model", 2L);
        correct.put("branch1", 1L);
        return new EpochRow(
                epoch,
                100L * epoch,
                0.1,
                new Tally(8, 12, terms, correct, 1),
                test,
                12.34,
                1.2346,
                new StepSums(
                        4,
                        2,
                        Map.of(
                                StepQuantity.DATA_WAIT_SHARE, 0.5,
                                StepQuantity.EXCHANGE_SHARE, 0.25,
                                StepQuantity.STEP_MILLISECONDS, 2000.0,
                                StepQuantity.LONGEST_STEP_MILLISECONDS, 700.0)));
    }

    private static org.apache.hadoop.fs.Path hadoop(Path path) {
        return new org.apache.hadoop.fs.Path(path.toUri());
    }
}
