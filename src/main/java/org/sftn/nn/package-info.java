/** Network description: layers, shapes, names, taps. */
package org.sftn.nn;
