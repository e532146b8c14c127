package org.sftn;

import java.util.function.Consumer;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.Property;

/** Hears what one logger says, from level INFO on. */
public final class TestLog extends AbstractAppender implements AutoCloseable {
    private final Logger logger;
    private final Level before;
    private final Consumer<String> messages;

    private TestLog(Logger logger, Consumer<String> messages) {
        super("test", null, null, false, Property.EMPTY_ARRAY);
        this.logger = logger;
        this.before = logger.getLevel();
        this.messages = messages;
    }

    public static TestLog of(String logger, Consumer<String> messages) {
        TestLog log = new TestLog((Logger) LogManager.getLogger(logger), messages);
        log.start();
        Configurator.setLevel(logger, Level.INFO);
        log.logger.addAppender(log);
        return log;
    }

    @Override
    public void append(LogEvent event) {
        messages.accept(event.getMessage().getFormattedMessage());
    }

    @Override
    public void close() {
        logger.removeAppender(this);
        Configurator.setLevel(logger.getName(), before);
        stop();
    }
}
