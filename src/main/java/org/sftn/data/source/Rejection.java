package org.sftn.data.source;

import java.io.Serializable;

/**
 * An image that is left out.
 *
 * @param number its place in the source's order
 */
public record Rejection(Split split, int number, String name, String reason) implements Serializable {}
