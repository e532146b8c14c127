package org.sftn.conf;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigMemorySize;
import java.util.List;
import java.util.Map;
import org.sftn.conf.Limit.AtLeast;

/** {@code predict}: see reference.conf for each key. */
public record PredictSettings(
        String model,
        Source source,
        String input,
        @AtLeast(0) int resize,
        @AtLeast(1) ConfigMemorySize partSize,
        @AtLeast(1) int batch,
        @AtLeast(1) int top,
        boolean logits,
        boolean features,
        boolean csv,
        Table table) {
    /** What the images lie in. */
    public enum Source {
        FILES,
        TARS,
        TABLE
    }

    /** {@code predict.table}. */
    public record Table(String format, Config options, String imageColumn, String nameColumn, List<String> columns) {
        public Map<String, String> optionTexts() {
            return TableOptions.texts(options);
        }
    }
}
