package org.sftn.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class NetworkIdentityTest {
    @Test
    void everyLayerHasANameOfItsOwn() {
        Set<Class<?>> all = Arrays.stream(Layer.class.getPermittedSubclasses()).collect(Collectors.toSet());
        assertEquals(all, NetworkIdentity.NAMES.keySet());
        assertEquals(all.size(), new TreeSet<>(NetworkIdentity.NAMES.values()).size());
    }

    @Test
    void layersAreToldApartByTheirHyperParameters() {
        assertEquals("max-pool[2, 2, 0]", NetworkIdentity.of(new MaxPool(2, 2, 0)));
        assertEquals("relu[]", NetworkIdentity.of(new Relu()));
    }

    /** Pinned: another one would make other runs of those that users wait to continue. */
    @Test
    void networksAreToldApart() {
        assertEquals("6f30c05f", NetworkIdentity.of(network(new Relu(), "mid")));
        assertNotEquals(
                NetworkIdentity.of(network(new Relu(), "mid")), NetworkIdentity.of(network(new Relu6(), "mid")));
        assertNotEquals(NetworkIdentity.of(network(new Relu(), "mid")), NetworkIdentity.of(network(new Relu(), "end")));
    }

    private static Network network(Layer activation, String tap) {
        Network.Builder builder = Network.builder();
        String image = builder.input("image", Shape.of(3, 8, 8));
        String convolved = builder.add("conv", Convolution.same(3, 4, 3, 1), image);
        String active = builder.add("activation", activation, convolved);
        builder.tap(tap, active);
        return builder.build();
    }
}
