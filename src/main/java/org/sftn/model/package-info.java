/** The saved model: description and safetensors weights; weights under PyTorch's names. */
package org.sftn.model;
