/** The folder of a run: what may be written, the lock, {@code run.json}, {@code result.json}, reports. */
package org.sftn.job.run;
