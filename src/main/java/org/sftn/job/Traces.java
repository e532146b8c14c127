package org.sftn.job;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where stack traces go. */
interface Traces {
    /** @return where it can be read now, for the end of a message */
    String keep(String what, Throwable thrown);

    /** The process was told to end: what fails from now on is worth no line. */
    void silence();

    /** The log has them: what a container, or a test, writes to. */
    static Traces inTheLog() {
        Logger log = LoggerFactory.getLogger(Traces.class);
        return new Traces() {
            @Override
            public String keep(String what, Throwable thrown) {
                log.error(what, thrown);
                return "stack trace in the log";
            }

            @Override
            public void silence() {}
        };
    }

    /** Spark may have changed how this process logs. */
    default void sparkHasStarted() {}
}
