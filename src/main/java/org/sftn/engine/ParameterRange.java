package org.sftn.engine;

/**
 * Where a parameter lies in an engine's array of all.
 *
 * @param from the index of its first value
 * @param end behind its last one, and behind what pads its layout
 */
public record ParameterRange(int from, int end) {}
