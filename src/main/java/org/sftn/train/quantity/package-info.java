/** What a rank measures in a step and over an evaluation, and how ranks are joined. */
package org.sftn.train.quantity;
