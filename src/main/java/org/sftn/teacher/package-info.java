/** Student branches, transform layers, and the loss of stage 1. */
package org.sftn.teacher;
