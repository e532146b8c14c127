/** Architectures, each a stem, stages and a head. */
package org.sftn.zoo;
