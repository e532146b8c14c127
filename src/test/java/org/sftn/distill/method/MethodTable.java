package org.sftn.distill.method;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Every method with what it needs on small data: the one table that all tests of all methods run over. */
public final class MethodTable {
    /**
     * A row.
     *
     * @param equalWidths whether teacher and student must have the same channels
     * @param settings that differ from the defaults
     */
    public record Row(String method, boolean equalWidths, Map<String, String> settings) {
        /** The method's name, as a test's. */
        @Override
        public String toString() {
            return method + (settings.isEmpty() ? "" : " " + settings);
        }
    }

    private MethodTable() {}

    /** At least one row of each method but {@code none}. */
    public static Stream<Row> rows() {
        return Stream.concat(
                Methods.all().stream()
                        .map(Methods.Method::name)
                        .filter(method -> !method.equals("none"))
                        .map(method -> new Row(method, method.equals("fsp"), small(method))),
                more().stream());
    }

    /** Memories and stages that fit a test. */
    private static Map<String, String> small(String method) {
        return switch (method) {
            case "crd" -> Map.of("distill.crd.negatives", "6");
            case "sskd", "ab", "ft", "fsp" ->
                Map.of(
                        "distill." + method + ".preliminary.epochs", "2",
                        "distill." + method + ".preliminary.learning-rate", "0.01");
            default -> Map.of();
        };
    }

    private static List<Row> more() {
        return List.of(
                new Row("kd", false, Map.of("distill.kd.standardize-logits", "true")),
                new Row("dkd", false, Map.of("distill.dkd.standardize-logits", "true")));
    }
}
