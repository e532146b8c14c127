package org.sftn.train.exchange;

import java.io.Serializable;
import java.util.List;

/** Where ranks learn each other's addresses. */
@FunctionalInterface
public interface Rendezvous {
    /** Where a rank listens. */
    record Address(String host, int port) implements Serializable {}

    /** Tells this rank's address and waits for the others; the answer is in rank order. */
    List<Address> meet(Address own);
}
