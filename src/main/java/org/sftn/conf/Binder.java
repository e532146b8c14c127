package org.sftn.conf;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigMemorySize;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Fills records from HOCON by the names of their components. What does not fit goes to the problems. */
final class Binder {
    private static final String VALUE = "value";
    private final Problems problems;

    Binder(Problems problems) {
        this.problems = problems;
    }

    /** @return null when there was a problem */
    <T extends Record> @Nullable T bind(String path, ConfigObject object, Class<T> type) {
        RecordComponent[] components = type.getRecordComponents();
        Object[] values = new Object[components.length];
        boolean whole = true;
        for (int i = 0; i < components.length; i++) {
            String key = Names.kebab(components[i].getName());
            String at = path.isEmpty() ? key : path + "." + key;
            ConfigValue value = object.get(key);
            if (value == null) {
                throw new IllegalStateException("reference.conf has no '" + at + "' for " + type.getName());
            }
            values[i] = component(at, value, components[i].getGenericType(), components[i]);
            whole &= values[i] != null;
        }
        if (!whole) {
            return null;
        }
        T record = construct(type, components, values);
        if (record instanceof Checked checked) {
            checked.check(path, problems);
        }
        return record;
    }

    private @Nullable Object component(String path, ConfigValue value, Type type, AnnotatedElement limits) {
        if (type instanceof Class<?> c && c.isRecord()) {
            // Settings has refused anything but a block.
            return value instanceof ConfigObject block ? bind(path, block, c.asSubclass(Record.class)) : null;
        }
        if (type == Config.class) {
            return value instanceof ConfigObject block ? block.toConfig() : null;
        }
        if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
            return list(path, value, list.getActualTypeArguments()[0], limits);
        }
        Object bound = scalar(path, value, (Class<?>) type);
        return bound != null && withinLimits(path, value, bound, limits) ? bound : null;
    }

    private @Nullable List<Object> list(String path, ConfigValue value, Type element, AnnotatedElement limits) {
        if (!(value instanceof ConfigList elements)) {
            wrong(path, value, "a list such as [1, 2]");
            return null;
        }
        List<Object> bound = new ArrayList<>();
        for (ConfigValue each : elements) {
            bound.add(component(path, each, element, limits));
        }
        return bound.contains(null) ? null : List.copyOf(bound);
    }

    private @Nullable Object scalar(String path, ConfigValue value, Class<?> type) {
        if (value.valueType() == ConfigValueType.OBJECT
                || value.valueType() == ConfigValueType.LIST
                || value.valueType() == ConfigValueType.NULL) {
            return wrong(path, value, expected(type));
        }
        Config holder = value.atKey(VALUE);
        try {
            if (type == String.class) {
                return holder.getString(VALUE);
            }
            if (type == boolean.class) {
                return holder.getBoolean(VALUE);
            }
            // Not Config.getInt: it cuts 3.7 to 3.
            if (type == int.class || type == Integer.class) {
                return new BigDecimal(holder.getString(VALUE)).intValueExact();
            }
            if (type == long.class || type == Long.class) {
                return new BigDecimal(holder.getString(VALUE)).longValueExact();
            }
            if (type == double.class || type == Double.class) {
                return new BigDecimal(holder.getString(VALUE)).doubleValue();
            }
            if (type == Duration.class) {
                return holder.getDuration(VALUE);
            }
            if (type == ConfigMemorySize.class) {
                return holder.getMemorySize(VALUE);
            }
        } catch (ConfigException | ArithmeticException | NumberFormatException e) {
            return wrong(path, value, expected(type));
        }
        if (type.isEnum()) {
            String text = holder.getString(VALUE);
            return Arrays.<Object>stream(type.getEnumConstants())
                    .filter(constant -> Names.kebab(((Enum<?>) constant).name()).equals(text))
                    .findFirst()
                    .orElseGet(() -> wrong(path, value, expected(type)));
        }
        throw new IllegalStateException(path + " cannot be bound to " + type);
    }

    private static String expected(Class<?> type) {
        if (type == boolean.class) {
            return "true or false";
        }
        if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
            return "a whole number";
        }
        if (type == double.class || type == Double.class) {
            return "a number";
        }
        if (type == Duration.class) {
            return "a duration such as 5 s";
        }
        if (type == ConfigMemorySize.class) {
            return "a size such as 2 GiB";
        }
        if (type.isEnum()) {
            return "one of "
                    + Arrays.stream(type.getEnumConstants())
                            .map(c -> Names.kebab(((Enum<?>) c).name()))
                            .collect(Collectors.joining(", "));
        }
        return "a text";
    }

    private @Nullable Object wrong(String path, ConfigValue value, String expected) {
        problems.add(path + " is " + text(value) + ", it must be " + expected + where(value.origin()));
        return null;
    }

    private static String text(ConfigValue value) {
        return switch (value.valueType()) {
            case OBJECT -> "a block of settings";
            case LIST -> String.valueOf(value.unwrapped());
            case NULL -> "null";
            default -> "'" + value.atKey(VALUE).getString(VALUE) + "'";
        };
    }

    private boolean withinLimits(String path, ConfigValue value, Object bound, AnnotatedElement limits) {
        double number = number(bound);
        List<String> broken = new ArrayList<>();
        Limit.AtLeast atLeast = limits.getAnnotation(Limit.AtLeast.class);
        Limit.MoreThan moreThan = limits.getAnnotation(Limit.MoreThan.class);
        Limit.AtMost atMost = limits.getAnnotation(Limit.AtMost.class);
        Limit.LessThan lessThan = limits.getAnnotation(Limit.LessThan.class);
        if (atLeast != null) {
            limit(number, atLeast.value(), (n, l) -> n >= l, "at least", bound, broken);
        }
        if (moreThan != null) {
            limit(number, moreThan.value(), (n, l) -> n > l, "more than", bound, broken);
        }
        if (atMost != null) {
            limit(number, atMost.value(), (n, l) -> n <= l, "at most", bound, broken);
        }
        if (lessThan != null) {
            limit(number, lessThan.value(), (n, l) -> n < l, "less than", bound, broken);
        }
        broken.forEach(b -> problems.add(
                path + " is " + value.atKey(VALUE).getString(VALUE) + ", it must be " + b + where(value.origin())));
        return broken.isEmpty();
    }

    private static double number(Object bound) {
        if (bound instanceof Number n) {
            return n.doubleValue();
        }
        if (bound instanceof Duration d) {
            return d.toNanos() / 1e9;
        }
        if (bound instanceof ConfigMemorySize m) {
            return m.toBytes();
        }
        return Double.NaN;
    }

    private static void limit(
            double number,
            double limit,
            BiPredicate<Double, Double> holds,
            String words,
            Object bound,
            List<String> broken) {
        if (!holds.test(number, limit)) {
            String unit = bound instanceof Duration ? " s" : bound instanceof ConfigMemorySize ? " bytes" : "";
            broken.add(
                    words + " " + BigDecimal.valueOf(limit).stripTrailingZeros().toPlainString() + unit);
        }
    }

    /** For the end of a message. */
    static String where(ConfigOrigin origin) {
        return " (" + origin.description() + ")";
    }

    private static <T extends Record> T construct(Class<T> type, RecordComponent[] components, Object[] values) {
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        try {
            Constructor<T> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot construct " + type.getName(), e);
        }
    }
}
