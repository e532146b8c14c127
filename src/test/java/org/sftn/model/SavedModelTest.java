package org.sftn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sftn.conf.UserException;
import org.sftn.nn.Shape;
import org.sftn.nn.Tensor;

class SavedModelTest {
    private static final Configuration HADOOP = new Configuration();
    private static final SavedModel MODEL = new SavedModel(
            new ModelDescription(
                    ModelDescription.FORMAT,
                    "resnet8",
                    List.of(3, 32, 32),
                    List.of("cat", "dog"),
                    List.of(.5, .4, .3),
                    List.of(.1, .2, .3),
                    null,
                    Map.of("job", "teacher")),
            new TreeMap<>(Map.of(
                    "fc.weight",
                    new Tensor(Shape.of(2, 3), new float[] {1, -2, 3.5f, Float.MIN_VALUE, 0, -0f}),
                    "fc.bias",
                    new Tensor(Shape.of(2), new float[] {1, 2}))));

    @TempDir
    private Path folder;

    private org.apache.hadoop.fs.Path model() {
        return new org.apache.hadoop.fs.Path(new org.apache.hadoop.fs.Path(folder.toUri()), "model");
    }

    @Test
    void aRoundTripKeepsEveryBit() throws IOException {
        SavedModel written = MODEL.write(model(), HADOOP);
        SavedModel read = SavedModel.read(model(), HADOOP);
        assertThat(read.description()).isEqualTo(written.description());
        assertThat(read.values().keySet()).isEqualTo(MODEL.values().keySet());
        MODEL.values().forEach((name, tensor) -> {
            assertThat(read.values().get(name).shape()).isEqualTo(tensor.shape());
            assertThat(read.values().get(name).values()).containsExactly(tensor.values());
        });
    }

    @Test
    void anExistingModelIsNotOverwritten() throws IOException {
        MODEL.write(model(), HADOOP);
        assertThatThrownBy(() -> MODEL.write(model(), HADOOP))
                .isInstanceOf(UserException.class)
                .hasMessageEndingWith("/model: it exists");
    }

    @Test
    void aMissingOrDamagedModelIsRefused() throws IOException {
        assertThatThrownBy(() -> SavedModel.read(model(), HADOOP))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("there is no model in ")
                .hasMessageEndingWith("model.json is missing");
        MODEL.write(model(), HADOOP);
        // Hadoop's own checksum file would notice the flipped bit first.
        Path weights = folder.resolve("model/weights.safetensors");
        Files.delete(folder.resolve("model/.weights.safetensors.crc"));
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        assertThatThrownBy(() -> SavedModel.read(model(), HADOOP))
                .isInstanceOf(UserException.class)
                .hasMessageEndingWith("weights.safetensors does not have the checksum in model.json");
    }

    @Test
    void theFileIsSafetensors() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new Safetensors(Map.of("a", new Tensor(Shape.of(1), new float[] {1.5f})), Map.of()).write(out);
        ByteBuffer file = ByteBuffer.wrap(out.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[(int) file.getLong()];
        file.get(header);
        assertThat(new String(header, StandardCharsets.UTF_8).trim())
                .isEqualTo("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}");
        assertThat(file.getFloat()).isEqualTo(1.5f);
        assertThat(file.hasRemaining()).isFalse();
    }

    @Test
    void damagedFilesAreRefusedWithAnIoException() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new Safetensors(MODEL.values(), Map.of("k", "v")).write(out);
        byte[] good = out.toByteArray();
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            byte[] bad = good.clone();
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                bad[random.nextInt(100)] = (byte) random.nextInt(256);
            }
            int length = random.nextInt(4) == 0 ? random.nextInt(bad.length) : bad.length;
            try {
                Safetensors.read(new ByteArrayInputStream(bad, 0, length), length);
            } catch (IOException refused) {
                assertThat(refused).hasMessageMatching("(?s).+");
            }
        }
    }
}
