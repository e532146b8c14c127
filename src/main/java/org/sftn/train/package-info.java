/** The synchronous loop: {@code Trainer}, its attempts, and what a rank does; {@code Objective}, what is trained. */
package org.sftn.train;
