package org.sftn.conf;

import java.util.concurrent.ThreadFactory;

/** Makes threads that do not keep a process alive. */
public record DaemonThreads(String name) implements ThreadFactory {
    @Override
    public Thread newThread(Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }
}
