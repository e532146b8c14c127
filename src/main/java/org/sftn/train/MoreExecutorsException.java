package org.sftn.train;

/** An attempt on fewer executors than are wanted has come to a checkpoint, and more are there to go on with. */
final class MoreExecutorsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MoreExecutorsException(int than) {
        super("there are more than " + than + " executors now");
    }
}
