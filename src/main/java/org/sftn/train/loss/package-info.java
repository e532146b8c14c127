/** Loss functions and their gradients. */
package org.sftn.train.loss;
