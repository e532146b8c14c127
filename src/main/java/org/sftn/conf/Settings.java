package org.sftn.conf;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The configuration of one run: reference.conf, which is also the schema, under the layers of the user. */
public final class Settings {
    private static final String REFERENCE = "reference.conf";

    private final Config reference;
    private final Config effective;
    private final Sections sections;

    /** What reference.conf holds, without the methods' blocks below {@code distill}. */
    private record Sections(
            long seed,
            PrepareSettings prepare,
            DataSettings data,
            EngineSettings engine,
            TrainingSettings training,
            TeacherSettings teacher,
            DistillSettings distill,
            EvaluateSettings evaluate,
            PredictSettings predict,
            StudySettings study) {}

    private Settings(Config reference, Config effective) {
        this.reference = reference;
        this.effective = effective;
        Problems problems = new Problems();
        compare("", effective.root(), problems);
        Sections bound = new Binder(problems).bind("", effective.root(), Sections.class);
        problems.throwIfAny();
        this.sections = Objects.requireNonNull(bound);
    }

    /**
     * @param layers the strongest first; see {@link ConfigFile} and {@link #assignments}
     * @throws UserException naming every problem
     */
    public static Settings of(List<Config> layers) {
        return of(defaults(), layers);
    }

    // Not parseResources, which merges every reference.conf of the class path; and not at its root, where Spark's may
    // have one.
    static Config defaults() {
        ConfigParseOptions options =
                ConfigParseOptions.defaults().setAllowMissing(false).setOriginDescription(REFERENCE);
        return ConfigFactory.parseURL(Settings.class.getResource(REFERENCE), options)
                .resolve();
    }

    static Settings of(Config reference, List<Config> layers) {
        Config all = ConfigFactory.empty();
        for (Config layer : layers) {
            all = all.withFallback(layer);
        }
        try {
            return new Settings(reference, all.withFallback(reference).resolve());
        } catch (ConfigException e) {
            throw new UserException("the configuration cannot be used: " + e.getMessage(), e);
        }
    }

    /**
     * A layer of {@code key=value} pairs. A value that starts with a bracket or a quote is HOCON, any other is a text as it
     * stands, so that paths need no quotes.
     *
     * @param origin for messages, such as {@code --set}
     */
    public static Config assignments(Map<String, String> values, String origin) {
        Config layer = ConfigFactory.empty();
        for (Map.Entry<String, String> each : values.entrySet()) {
            String text = each.getValue();
            try {
                ConfigValue value = text.startsWith("[") || text.startsWith("\"")
                        ? ConfigFactory.parseString(
                                        "value = " + text,
                                        ConfigParseOptions.defaults().setOriginDescription(origin))
                                .getValue("value")
                        : ConfigValueFactory.fromAnyRef(text, origin);
                List<String> path = ConfigUtil.splitPath(each.getKey());
                // Blocks on the way have the origin, too.
                for (int i = path.size() - 1; i > 0; i--) {
                    value = ConfigValueFactory.fromMap(Map.of(path.get(i), value), origin);
                }
                layer = value.atKey(path.get(0)).withFallback(layer);
            } catch (ConfigException e) {
                // The reason shows the value, too.
                throw Redaction.isSecret(each.getKey())
                        ? new UserException(origin + " " + each.getKey() + "=" + Redaction.HIDDEN + " cannot be used")
                        : new UserException(
                                origin + " " + each.getKey() + "=" + text + " cannot be used: " + e.getMessage(), e);
            }
        }
        return layer;
    }

    /** These settings with some values replaced. */
    public Settings with(Map<String, String> values) {
        return of(reference, List.of(assignments(values, "set by the job"), effective));
    }

    public long seed() {
        return sections.seed();
    }

    public PrepareSettings prepare() {
        return sections.prepare();
    }

    public DataSettings data() {
        return sections.data();
    }

    public EngineSettings engine() {
        return sections.engine();
    }

    public TrainingSettings training() {
        return sections.training();
    }

    public TeacherSettings teacher() {
        return sections.teacher();
    }

    public DistillSettings distill() {
        return sections.distill();
    }

    public EvaluateSettings evaluate() {
        return sections.evaluate();
    }

    public PredictSettings predict() {
        return sections.predict();
    }

    public StudySettings study() {
        return sections.study();
    }

    /**
     * Settings that this package does not know, such as {@code distill.kd}.
     *
     * @param path a block of reference.conf with a key for every component
     * @throws UserException naming every problem
     */
    public <T extends Record> T bind(String path, Class<T> type) {
        Problems problems = new Problems();
        T bound = new Binder(problems).bind(path, effective.getObject(path), type);
        problems.throwIfAny();
        return Objects.requireNonNull(bound);
    }

    /** Every key with its value in one spelling (0.0005 for 5e-4); secrets are hidden. */
    public SortedMap<String, String> effective() {
        return flat(effective);
    }

    /** The effective values that differ from the defaults. */
    public SortedMap<String, String> changed() {
        SortedMap<String, String> changed = new TreeMap<>(effective());
        changed.entrySet().removeAll(flat(reference).entrySet());
        return changed;
    }

    private SortedMap<String, String> flat(Config config) {
        SortedMap<String, String> flat = new TreeMap<>();
        for (Map.Entry<String, ConfigValue> each : config.entrySet()) {
            // In a free block keys are the user's.
            boolean known = reference.hasPath(each.getKey());
            ConfigValueType type = known
                    ? reference.getValue(each.getKey()).valueType()
                    : each.getValue().valueType();
            boolean number = type == ConfigValueType.NUMBER;
            boolean truth = type == ConfigValueType.BOOLEAN;
            String text = truth ? String.valueOf(config.getBoolean(each.getKey())) : text(each.getValue(), number);
            boolean secret = Redaction.isSecret(each.getKey()) && !text.isEmpty();
            flat.put(each.getKey(), secret ? Redaction.HIDDEN : Redaction.of(text));
        }
        return Collections.unmodifiableSortedMap(flat);
    }

    private static String text(ConfigValue value, boolean number) {
        if (value instanceof ConfigList list) {
            return list.stream()
                    .map(each -> text(each, each.valueType() == ConfigValueType.NUMBER))
                    .collect(Collectors.joining(", ", "[", "]"));
        }
        String text = String.valueOf(value.unwrapped());
        if (number) {
            try {
                return new BigDecimal(text).stripTrailingZeros().toPlainString();
            } catch (NumberFormatException e) {
                // A method's block that is not used, so nothing has refused it yet.
                return text;
            }
        }
        return text;
    }

    private void compare(String path, ConfigObject block, Problems problems) {
        for (Map.Entry<String, ConfigValue> each : new TreeMap<>(block).entrySet()) {
            String key = ConfigUtil.joinPath(each.getKey());
            String at = path.isEmpty() ? key : path + "." + key;
            if (!reference.hasPath(at)) {
                problems.add("unknown key '" + at + "'"
                        + Binder.where(each.getValue().origin()) + suggestion(at));
            } else if (reference.getValue(at) instanceof ConfigObject known) {
                if (each.getValue() instanceof ConfigObject inner) {
                    if (!isFree(known)) {
                        compare(at, inner, problems);
                    }
                } else {
                    problems.add(at + " must be a block of settings"
                            + Binder.where(each.getValue().origin()));
                }
            }
        }
    }

    /** Whether the keys of a block are the user's: reference.conf has none there. */
    private static boolean isFree(ConfigObject known) {
        return known.isEmpty();
    }

    private String suggestion(String unknown) {
        List<String> known = new ArrayList<>();
        collect("", reference.root(), known);
        String nearest = Nearest.suggestion(unknown, known);
        if (!nearest.isEmpty()) {
            return nearest;
        }
        List<String> sameName = known.stream()
                .filter(k -> Objects.equals(last(k), last(unknown)))
                .toList();
        return sameName.isEmpty() ? "" : "; did you mean '" + String.join("' or '", sameName) + "'?";
    }

    private static String last(String path) {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    private static void collect(String path, ConfigObject block, List<String> keys) {
        block.forEach((key, value) -> {
            String at = path.isEmpty() ? key : path + "." + key;
            keys.add(at);
            if (value instanceof ConfigObject inner) {
                collect(at, inner, keys);
            }
        });
        Collections.sort(keys);
    }
}
