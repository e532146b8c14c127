package org.sftn.predict;

import java.io.IOException;

/** Takes answers in their order. */
@FunctionalInterface
interface Answers {
    void add(Answer answer) throws IOException;
}
