package org.sftn.job;

import com.typesafe.config.Config;
import java.io.IOException;
import java.util.Optional;
import org.sftn.conf.Settings;

/** One thing that a user can ask for. */
interface Job {
    /**
     * Checks all that can be checked without doing the work, and writes nothing.
     *
     * @throws org.sftn.conf.UserException when the work cannot be done as asked
     */
    JobPlan plan(Session session) throws IOException;

    /** How many tasks share the cores while the job trains; 0 for a job whose tasks take a core each. */
    default int replicas(Settings settings) {
        return 0;
    }

    default boolean usesEngine() {
        return true;
    }

    /** Where the output goes when {@code --out} is not given; empty when it must be given. */
    default Optional<String> defaultOut() {
        return Optional.empty();
    }

    /** Settings of the job's own, between reference.conf and the user's file. */
    default Optional<Config> settings() {
        return Optional.empty();
    }
}
