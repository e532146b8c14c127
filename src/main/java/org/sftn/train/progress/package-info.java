/** What a run says of itself while it goes on, and the files that keep it. */
package org.sftn.train.progress;
