/** The fast engine, on oneDNN. */
package org.sftn.engine.onednn;
