package org.sftn.job.run;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * Which code this is.
 *
 * @param commit as {@code git describe} names it, with {@code -dirty} for changed files; unknown outside a repository
 */
public record BuildVersion(String version, String commit) {
    public static BuildVersion current() {
        Properties properties = new Properties();
        try (InputStream in = BuildVersion.class.getResourceAsStream("build.properties")) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new BuildVersion(properties.getProperty("version"), properties.getProperty("commit"));
    }

    @Override
    public String toString() {
        return version + " (" + commit + ")";
    }
}
