package org.sftn.deploy;

/** Settings that take all jobs through in seconds. */
final class Tiny {
    /** 2 epochs of 6 iterations. */
    static final String CONF = """
            prepare {
              image-size = 16
              generated { classes = 4, train-images = 48, test-images = 20 }
            }
            training { global-batch = 8, epochs = 2, learning-rate = 0.01 }
            teacher { network = resnet8, student = resnet8 }
            distill { student = resnet8 }
            """;

    private Tiny() {}
}
