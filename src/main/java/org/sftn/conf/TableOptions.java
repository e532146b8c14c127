package org.sftn.conf;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigUtil;
import java.util.Map;
import java.util.stream.Collectors;

/** Options of a reader of Spark SQL, whose names are not ours. */
public final class TableOptions {
    private TableOptions() {}

    /** As Spark takes them. */
    public static Map<String, String> texts(Config options) {
        return options.entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(
                        each -> String.join(".", ConfigUtil.splitPath(each.getKey())),
                        each -> String.valueOf(each.getValue().unwrapped())));
    }
}
