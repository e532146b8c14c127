package org.sftn.conf;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigMemorySize;
import java.util.Map;
import org.sftn.conf.Limit.AtLeast;
import org.sftn.conf.Limit.AtMost;

/** {@code prepare}: see reference.conf for each key. */
public record PrepareSettings(
        Source source,
        String input,
        Labels labels,
        String trainFolder,
        String testFolder,
        String trainTar,
        String testTar,
        String groundTruth,
        DamagedTars damagedTars,
        String classNames,
        @AtLeast(8) int imageSize,
        Store store,
        @AtLeast(0) int shorterSide,
        @AtLeast(0) @AtMost(1) double maxRejectedShare,
        @AtLeast(1) ConfigMemorySize shardSize,
        Generated generated,
        Webdataset webdataset,
        Table table) {
    /** Where images come from. */
    public enum Source {
        GENERATED,
        CIFAR_100_BINARY,
        IMAGE_FOLDER,
        TINY_IMAGENET_200,
        IMAGENET_TARS,
        WEBDATASET,
        TABLE
    }

    /** What to do with a tar that is cut off. */
    public enum DamagedTars {
        FAIL,
        SKIP
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
    public record Generated(
            @AtLeast(2) int classes,
            @AtLeast(1) int trainImages,
            @AtLeast(1) int testImages) {}

    /** {@code prepare.webdataset}. */
    public record Webdataset(String train, String test, String labelField) {}

    /** {@code prepare.table}. */
    public record Table(
            String format,
            Config options,
            String train,
            String test,
            String splitColumn,
            String trainValue,
            String testValue,
            String imageColumn,
            String labelColumn,
            String nameColumn) {
        public Map<String, String> optionTexts() {
            return TableOptions.texts(options);
        }
    }
}
