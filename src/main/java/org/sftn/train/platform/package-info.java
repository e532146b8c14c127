/** What computes a run, on which its bits depend. */
package org.sftn.train.platform;
