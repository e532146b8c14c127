/** Spark tasks that work on images: their errors and their progress. */
package org.sftn.data.task;
