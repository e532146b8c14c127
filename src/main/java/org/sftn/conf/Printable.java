package org.sftn.conf;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.util.Locale;

/** Texts for messages, logs and tables: those from files of others, such as names in archives, and numbers of things. */
public final class Printable {
    private static final int MAX_LENGTH = 255;

    private Printable() {}

    /**
     * The same text, unless it could forge lines or steer a terminal: control and format characters, line separators and halves of
     * characters become {@code \}{@code uXXXX}; what is longer than 255 characters is cut.
     */
    public static String of(String text) {
        return of(text, MAX_LENGTH);
    }

    /** Likewise, but nothing is cut. */
    public static String whole(String text) {
        return of(text, Integer.MAX_VALUE);
    }

    /** A number of things, such as 1 part and 1,200 parts. */
    public static String count(long number, String one) {
        return String.format(Locale.ROOT, "%,d %s%s", number, one, number == 1 ? "" : "s");
    }

    /** What Jackson, or the constructor that it called, found wrong with a text; without Jackson's excerpt of that text. */
    public static String damageOfJson(IOException thrown) {
        String text = thrown.getMessage();
        if (thrown.getCause() instanceof IllegalArgumentException cause) {
            text = cause.getMessage();
        } else if (thrown instanceof JsonProcessingException json) {
            // What is not even text is no such exception.
            text = json.getOriginalMessage();
        }
        return of(String.valueOf(text));
    }

    private static String of(String text, int length) {
        StringBuilder out = new StringBuilder();
        int at = 0;
        while (at < text.length() && out.length() < length) {
            int character = text.codePointAt(at);
            switch (Character.getType(character)) {
                case Character.CONTROL,
                        Character.FORMAT,
                        Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR,
                        Character.SURROGATE -> out.append(String.format(Locale.ROOT, "\\u%04X", character));
                default -> out.appendCodePoint(character);
            }
            at += Character.charCount(character);
        }
        return at < text.length() ? out + "..." : out.toString();
    }
}
