/** {@code Engine} compiles a network into an {@code Executable}. */
package org.sftn.engine;
