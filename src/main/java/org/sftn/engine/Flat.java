package org.sftn.engine;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sftn.nn.ParameterSpec;
import org.sftn.nn.Tensor;

/** Named arrays one after another in one array, in their canonical layout. */
public final class Flat {
    private record Place(ParameterSpec spec, int from) {}

    private final Map<String, Place> places = new LinkedHashMap<>();
    private final int length;

    public Flat(List<ParameterSpec> specs) {
        int from = 0;
        for (ParameterSpec spec : specs) {
            places.put(spec.name(), new Place(spec, from));
            from = Math.addExact(from, spec.shape().elements());
        }
        length = from;
    }

    public int length() {
        return length;
    }

    public int from(String name) {
        return places.get(name).from();
    }

    /** Where each array lies, by name, in their order. */
    public Map<String, ParameterRange> ranges() {
        Map<String, ParameterRange> ranges = new LinkedHashMap<>();
        places.forEach((name, place) -> ranges.put(
                name,
                new ParameterRange(
                        place.from(), place.from() + place.spec().shape().elements())));
        return ranges;
    }

    /** @throws IllegalArgumentException when a name is missing or its shape is another */
    public void check(Map<String, Tensor> given) {
        places.forEach((name, place) -> {
            Tensor tensor = given.get(name);
            if (tensor == null) {
                throw new IllegalArgumentException("there is no value of " + name + " to load");
            }
            if (!tensor.shape().equals(place.spec().shape())) {
                throw new IllegalArgumentException(
                        "cannot load " + name + ": it has " + place.spec().shape() + ", not " + tensor.shape());
            }
        });
    }

    public void load(Map<String, Tensor> given, float[] into) {
        places.forEach((name, place) -> {
            float[] values = given.get(name).values();
            System.arraycopy(values, 0, into, place.from(), values.length);
        });
    }

    /** A copy of one. */
    public Tensor save(float[] from, String name) {
        Place place = places.get(name);
        int elements = place.spec().shape().elements();
        return new Tensor(place.spec().shape(), Arrays.copyOfRange(from, place.from(), place.from() + elements));
    }
}
