/** Saved models in file formats of others: ONNX. */
package org.sftn.export;
