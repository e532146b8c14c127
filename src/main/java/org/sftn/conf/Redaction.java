package org.sftn.conf;

import java.util.regex.Pattern;

/** Hides secrets in what is printed or written. */
public final class Redaction {
    /** What stands for a secret. */
    static final String HIDDEN = "(hidden)";

    private static final Pattern SECRET_NAME =
            Pattern.compile("(?i)passw(or)?d|passphrase|secret|token|credential|signature|key$");
    /** {@code scheme://user:password@}; the password may hold slashes. A port is none. */
    private static final Pattern PASSWORD = Pattern.compile("(://)[^/\\s@:]*:(?!\\d{1,5}(?:/|$))[^\\s@]*@");
    /** {@code ?sig=...} as in signed URLs. */
    private static final Pattern SIGNED = Pattern.compile(
            "(?i)([?&](?:[a-z-]*(?:passw(?:or)?d|secret|token|credential|signature)|sig|key)=)[^&\\s'\"]+");

    private Redaction() {}

    /** Whether what has this name is a secret. */
    static boolean isSecret(String key) {
        return SECRET_NAME.matcher(key).find();
    }

    /** The text without passwords in its URLs. */
    public static String of(String text) {
        String plain = PASSWORD.matcher(text).replaceAll("$1" + HIDDEN + "@");
        return SIGNED.matcher(plain).replaceAll("$1" + HIDDEN);
    }

    /** @throws UserException for a URL with a password, which would come to stand in logs of others */
    public static void requireNoPassword(String what, String path) {
        if (PASSWORD.matcher(path).find()) {
            throw new UserException(
                    what + " cannot be '" + of(path)
                            + "': a path must not hold a password, Hadoop takes it from its configuration or a credential provider");
        }
    }
}
