/** A model's answers for images without labels, and their tables. */
package org.sftn.predict;
