package org.sftn.conf;

/** {@code prepare}: see reference.conf for each key. */
public record PrepareSettings(
        Source source,
        String input,
        Labels labels,
        String trainFolder,
        String testFolder,
        int imageSize,
        Store store,
        double maxRejectedShare,
        int imagesPerShard,
        Generated generated) {
    /** Where images come from. */
    public enum Source {
        GENERATED,
        CIFAR_100_BINARY,
        IMAGE_FOLDER
    }

    /** Which of CIFAR-100's two labels. */
    public enum Labels {
        FINE,
        COARSE
    }

    /** What a shard holds of an image. */
    public enum Store {
        PIXELS,
        FILES
    }

    /** {@code prepare.generated}. */
    public record Generated(int classes, int trainImages, int testImages) {}
}
