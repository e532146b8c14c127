package org.sftn.conf;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Reads a HOCON file from any Hadoop path. An include is relative to the file that has it, and must exist. */
public final class ConfigFile {
    /** Texts in quotes and whole comments, which are passed over; else an unquoted value with a comment's beginning in it. */
    private static final Pattern WORD_OR_COMMENT = Pattern.compile(
            "\"\"\".*?\"\"\"+|\"(?:[^\"\\\\\n]|\\\\.)*\"|(?<![^\\s{}\\[\\],=])(?:#|//)[^\n]*|(?<value>[^\\s\"{}\\[\\],=#]+?(?:#|//)\\S*)",
            Pattern.DOTALL);

    private ConfigFile() {}

    /** @return unresolved: substitutions may refer to defaults and other layers */
    public static Config read(Path file, Configuration hadoop) {
        return read(file, List.of(), hadoop);
    }

    private static Config read(Path file, List<Path> including, Configuration hadoop) {
        if (including.contains(file)) {
            throw new UserException("the configuration file " + file + " includes itself, by " + including);
        }
        List<Path> chain = new ArrayList<>(including);
        chain.add(file);
        ConfigParseOptions options = ConfigParseOptions.defaults()
                .setSyntax(ConfigSyntax.CONF)
                .setOriginDescription(file.getName())
                .setIncluder(new RelativeTo(file, chain, hadoop));
        try {
            FileSystem files = file.getFileSystem(hadoop);
            if (files.exists(file) && files.getFileStatus(file).isDirectory()) {
                throw new UserException("the configuration file " + file + " cannot be read: it is a folder");
            }
            String text;
            try (InputStream in = files.open(file)) {
                text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
            requireWholeValues(file, text);
            return ConfigFactory.parseString(text, options);
        } catch (FileNotFoundException e) {
            String by = including.isEmpty() ? "" : ", which " + including.get(including.size() - 1) + " includes,";
            throw new UserException("the configuration file " + file + by + " does not exist", e);
        } catch (IOException e) {
            throw new UserException("the configuration file " + file + " cannot be read: " + HadoopFiles.reason(e), e);
        } catch (ConfigException e) {
            throw new UserException("the configuration file " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** A comment that begins within a word cuts what was meant as a value, such as a path. */
    private static void requireWholeValues(Path file, String text) {
        Matcher word = WORD_OR_COMMENT.matcher(text);
        while (word.find()) {
            String value = word.group("value");
            if (value != null) {
                throw new UserException(String.format(
                        Locale.ROOT,
                        "the configuration file %s cannot be read: line %d holds '%s', of which HOCON takes the end for a comment: put the value in quotes",
                        file,
                        text.substring(0, word.start()).lines().count(),
                        Printable.of(value)));
            }
        }
    }

    private record RelativeTo(Path file, List<Path> chain, Configuration hadoop) implements ConfigIncluder {
        @Override
        public ConfigIncluder withFallback(ConfigIncluder fallback) {
            return this;
        }

        @Override
        public ConfigObject include(ConfigIncludeContext context, String what) {
            return read(HadoopPath.in(file.getParent(), "include", what, hadoop), chain, hadoop)
                    .root();
        }
    }
}
