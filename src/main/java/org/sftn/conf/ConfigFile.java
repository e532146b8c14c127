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
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Reads a HOCON file from any Hadoop path. An include is relative to the file that has it, and must exist. */
public final class ConfigFile {
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
            try (Reader reader = new InputStreamReader(files.open(file), StandardCharsets.UTF_8)) {
                return ConfigFactory.parseReader(reader, options);
            }
        } catch (FileNotFoundException e) {
            String by = including.isEmpty() ? "" : ", which " + including.get(including.size() - 1) + " includes,";
            throw new UserException("the configuration file " + file + by + " does not exist", e);
        } catch (IOException e) {
            throw new UserException("the configuration file " + file + " cannot be read: " + HadoopFiles.reason(e), e);
        } catch (ConfigException e) {
            throw new UserException("the configuration file " + file + " cannot be read: " + e.getMessage(), e);
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
