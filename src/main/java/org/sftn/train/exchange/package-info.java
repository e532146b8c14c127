/** The exchange of gradients and weights between ranks, and our own all-reduce. */
package org.sftn.train.exchange;
