package org.sftn.distill.method;

/** What methods that relate images to each other say. */
final class LocalBatch {
    private LocalBatch() {}

    /** @param batch local, at most */
    static String note(int batch) {
        return "relates the images of one executor's batch to each other: at most " + batch + ", not the global batch";
    }
}
