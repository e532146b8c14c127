package org.sftn.data.task;

import java.util.concurrent.Callable;

/**
 * Keeps errors of the virtual machine, such as a lack of memory, within their task. Spark would end the process, which on a local
 * master is the job's own, before anybody has said why.
 */
public final class TaskErrors {
    private TaskErrors() {}

    /**
     * @param work of a task
     * @throws IllegalStateException in place of an error of the virtual machine
     */
    public static <T> T within(Callable<T> work) throws Exception {
        try {
            return work.call();
        } catch (VirtualMachineError e) {
            // Without the error as its cause: Spark looks for errors there, too.
            IllegalStateException failure = new IllegalStateException(e.toString());
            failure.setStackTrace(e.getStackTrace());
            throw failure;
        }
    }
}
