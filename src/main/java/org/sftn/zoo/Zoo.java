package org.sftn.zoo;

import static java.util.Map.entry;

import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.sftn.conf.Nearest;
import org.sftn.conf.UserException;
import org.sftn.nn.Shape;

/**
 * All architectures by name. A new one is its own file and its row here. Fresh weights are the layers' own: RepDistiller starts the
 * linear layers of VGG and MobileNetV2, and the convolutions of the ShuffleNets, from other distributions, as does torchvision with the
 * linear layers of VGG.
 */
public final class Zoo {
    /** Published for CIFAR-100. */
    private static final Map<String, Factory> OF_CIFAR = Map.ofEntries(
            entry("resnet8", ResNet.of(8, 16, 16, 32, 64)),
            entry("resnet14", ResNet.of(14, 16, 16, 32, 64)),
            entry("resnet20", ResNet.of(20, 16, 16, 32, 64)),
            entry("resnet32", ResNet.of(32, 16, 16, 32, 64)),
            entry("resnet44", ResNet.of(44, 16, 16, 32, 64)),
            entry("resnet56", ResNet.of(56, 16, 16, 32, 64)),
            entry("resnet110", ResNet.of(110, 16, 16, 32, 64)),
            entry("resnet8x4", ResNet.of(8, 32, 64, 128, 256)),
            entry("resnet32x4", ResNet.of(32, 32, 64, 128, 256)),
            entry("resnet50_32", ResNet.bottleneck(3, 4, 6, 3)),
            entry("wrn_16_1", WideResNet.of(16, 1)),
            entry("wrn_16_2", WideResNet.of(16, 2)),
            entry("wrn_40_1", WideResNet.of(40, 1)),
            entry("wrn_40_2", WideResNet.of(40, 2)),
            entry("vgg8", Vgg.of(1, 1, 1, 1, 1)),
            entry("vgg11", Vgg.of(1, 1, 2, 2, 2)),
            entry("vgg13", Vgg.of(2, 2, 2, 2, 2)),
            entry("vgg16", Vgg.of(2, 2, 3, 3, 3)),
            entry("vgg19", Vgg.of(2, 2, 4, 4, 4)),
            entry("mobilenet_v2_32", MobileNetV2::small),
            entry("shufflenet_v1_32", ShuffleNetV1::create),
            entry("shufflenet_v2_32", ShuffleNetV2::small));

    /** Published for ImageNet. */
    private static final Map<String, Factory> OF_IMAGENET = Map.ofEntries(
            entry("resnet18", ImageNetResNet.basic(2, 2, 2, 2)),
            entry("resnet34", ImageNetResNet.basic(3, 4, 6, 3)),
            entry("resnet50", ImageNetResNet.bottleneck(3, 4, 6, 3)),
            entry("resnet101", ImageNetResNet.bottleneck(3, 4, 23, 3)),
            entry("mobilenet_v2", MobileNetV2::imageNet),
            entry("shufflenet_v2_x1_0", ShuffleNetV2::imageNet),
            entry("vgg16_bn", ImageNetVgg::vgg16));

    /** Makes one architecture for images and classes of any fitting size. */
    interface Factory {
        /** @throws UserException when the architecture makes no sense for the image */
        Architecture create(String name, Shape image, int classes);
    }

    private Zoo() {}

    public static SortedSet<String> names() {
        SortedSet<String> names = new TreeSet<>(OF_CIFAR.keySet());
        names.addAll(OF_IMAGENET.keySet());
        return names;
    }

    /**
     * As {@link #create}, for the images and classes that the architecture was published for: 3x224x224 and 1000, or 3x32x32
     * and 100.
     */
    public static Architecture published(String name) {
        return OF_IMAGENET.containsKey(name)
                ? create(name, Shape.of(3, 224, 224), 1000)
                : create(name, Shape.of(3, 32, 32), 100);
    }

    /**
     * The student's stem and stages, a projector and the teacher's linear layer (see {@link Projected}); its name is {@code
     * STUDENT+TEACHER}, which {@link #create} knows.
     *
     * @throws UserException when the maps cannot be joined
     */
    public static Architecture projected(Architecture student, Architecture teacher) {
        return Projected.of(student, teacher);
    }

    /**
     * @param name one of {@link #names()}, or one of a {@link #projected} pair
     * @param image {@code channels x height x width}
     * @param classes at least 2
     * @throws UserException when there is no such architecture, or it does not fit the image or the number of classes
     */
    public static Architecture create(String name, Shape image, int classes) {
        int plus = name.indexOf(Projected.PLUS);
        if (plus >= 0) {
            return projected(
                    create(name.substring(0, plus), image, classes), create(name.substring(plus + 1), image, classes));
        }
        Factory factory = OF_IMAGENET.getOrDefault(name, OF_CIFAR.get(name));
        if (factory == null) {
            throw new UserException("there is no network '" + name + "' among " + String.join(", ", names())
                    + Nearest.suggestion(name, names()));
        }
        if (!image.isMap()) {
            throw new UserException(name + " needs images of channels x height x width, not of " + image);
        }
        if (classes < 2) {
            throw new UserException(name + " needs at least 2 classes, not " + classes);
        }
        return factory.create(name, image, classes);
    }
}
