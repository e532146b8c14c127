/** What a saved model is worth: top-1, top-5, confusion, predictions, calibration, likeness of two models. */
package org.sftn.evaluate;
