/** Prepared data sets in training: a rank's images, their views, batches. */
package org.sftn.data;
