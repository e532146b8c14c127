package org.sftn.data;

import java.io.Serializable;

/**
 * One image as a shard holds it.
 *
 * @param index its place in its split, from 0, in random order
 * @param label its class, from 0
 * @param name where it comes from, for people
 * @param image raw R, G, B planes ({@code 3 x size x size}, a byte a value) or the bytes of an image file, as the manifest says;
 *     shared, not copied
 */
public record Sample(long index, int label, String name, byte[] image) implements Serializable {}
