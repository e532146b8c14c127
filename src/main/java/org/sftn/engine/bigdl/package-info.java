/** The reference engine, on BigDL's MKL. */
package org.sftn.engine.bigdl;
