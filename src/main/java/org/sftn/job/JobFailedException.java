package org.sftn.job;

/** Has no stack trace: where YARN shows this exception, the message is to be all that is read. */
final class JobFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    JobFailedException(int code, String why) {
        super("exit code " + code + ": " + why, null, false, false);
    }
}
