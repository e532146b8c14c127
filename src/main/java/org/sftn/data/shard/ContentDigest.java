package org.sftn.data.shard;

import java.io.Serializable;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Locale;
import org.sftn.conf.Sha256;

/**
 * A digest of samples in their order that can be joined from digests of parts: the value at {@link #AT} of the polynomial with the
 * samples' SHA-256 as coefficients, modulo a prime. It tells data sets apart; it is no proof against forgery.
 *
 * @param value of the polynomial
 * @param scale {@link #AT} to the power of the number of samples
 */
public record ContentDigest(BigInteger value, BigInteger scale) implements Serializable {
    /** 2^255 - 19. */
    private static final BigInteger PRIME = BigInteger.TWO.pow(255).subtract(BigInteger.valueOf(19));

    // Any fixed number below the prime that is not small: here the SHA-256 of nothing.
    private static final BigInteger AT =
            new BigInteger("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 16).mod(PRIME);

    public ContentDigest {
        if (value.bitLength() > PRIME.bitLength() || scale.bitLength() > PRIME.bitLength()) {
            throw new IllegalArgumentException("a digest is a number below 2^255");
        }
    }

    public static final ContentDigest NONE = new ContentDigest(BigInteger.ZERO, BigInteger.ONE);

    /** With one sample more at the end. */
    public ContentDigest plus(int label, byte[] image) {
        MessageDigest digest = Sha256.digest();
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, label));
        return plus(new ContentDigest(new BigInteger(1, digest.digest(image)).mod(PRIME), AT));
    }

    /** With other samples at the end. */
    public ContentDigest plus(ContentDigest other) {
        return new ContentDigest(
                value.multiply(other.scale).add(other.value).mod(PRIME),
                scale.multiply(other.scale).mod(PRIME));
    }

    /** 64 hexadecimal digits. */
    public String hex() {
        return String.format(Locale.ROOT, "%064x", value);
    }
}
