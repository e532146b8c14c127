/** SGD with momentum, learning rate and weight decay. */
package org.sftn.train.optimizer;
