package org.sftn.job;

import com.typesafe.config.Config;
import java.io.IOException;
import java.util.Optional;

/** One thing that a user can ask for. */
interface Job {
    /**
     * Checks all that can be checked without doing the work, and writes nothing.
     *
     * @throws org.sftn.conf.UserException when the work cannot be done as asked
     */
    Plan plan(Session session) throws IOException;

    /** Where the output goes when {@code --out} is not given; empty when it must be given. */
    default Optional<String> defaultOut() {
        return Optional.empty();
    }

    /** Settings of the job's own, between reference.conf and the user's file. */
    default Optional<Config> settings() {
        return Optional.empty();
    }
}
