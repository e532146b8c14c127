/** Checkpoints: the files of the ranks, and the marker that makes them valid. */
package org.sftn.train.checkpoint;
