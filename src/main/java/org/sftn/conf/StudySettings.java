package org.sftn.conf;

import com.typesafe.config.Config;
import java.util.List;
import org.sftn.conf.Limit.AtLeast;

/** {@code study}: see reference.conf for each key. */
public record StudySettings(
        String title,
        String question,
        List<String> pairs,
        Config teachers,
        String baseline,
        Config students,
        List<String> methods,
        Config vary,
        List<Long> seeds,
        @AtLeast(1) int concurrentRuns) {}
