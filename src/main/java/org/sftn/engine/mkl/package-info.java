/** Matrix products on BigDL's MKL, for engines and losses. */
package org.sftn.engine.mkl;
