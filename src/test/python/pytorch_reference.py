"""Reference values of networks of the zoo, computed by PyTorch: src/test/resources/golden/pytorch_networks.json.

    python pytorch_reference.py > ../resources/golden/pytorch_networks.json

The committed file was made with torch 2.13.0+cpu. The networks are written after RepDistiller (github.com/HobbitLong/RepDistiller,
models/) and torchvision (github.com/pytorch/vision, torchvision/models/), with the names of
org.sftn.zoo, so that the names are held too. Weights, images and gradients of the
loss come from `values`, which the Java test repeats; they are float32, and everything after them is float64. The number of
PyTorch's threads changes the last digit of some losses.

A tensor is summed up by its L2 norm, eight of its entries and its products with eight random vectors: the root of
the mean square of the differences of such products, divided by the deviation of the vectors' entries, estimates the norm of the
difference of two tensors.
"""

import json
import math
import sys
import zlib
from collections import OrderedDict

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

BATCH = 4
CLASSES = 10
# The loss is the sum of the products of these taps with fixed random tensors of these scales.
LOSS_TAPS = {"logits": 1.0, "pooled": 0.5, "stem": 0.01, "stage1": 0.01, "stage2.pre-activation": 0.02, "stage3.pre-activation": 0.05}


def values(name, count):
    """Multiples of 2^-24 in [-0.5, 0.5): a linear congruential generator modulo 2^32 that starts from the name."""
    # State i is a^i state + (a^(i-1) + ... + a + 1) c: networks of 20 million parameters are too many for a loop.
    powers = np.cumprod(np.full(count, 1664525, np.uint32), dtype=np.uint32)
    sums = np.cumsum(np.concatenate((np.ones(1, np.uint32), powers[:-1])), dtype=np.uint32)
    states = powers * np.uint32(zlib.crc32(name.encode())) + sums * np.uint32(1013904223)
    return (states >> 8) / 2.0**24 - 0.5


def tensor(name, shape, scale, offset=0.0):
    made = offset + scale * values(name, math.prod(shape))
    return torch.from_numpy(made.astype(np.float32).astype(np.float64).reshape(shape))


def rounded(x):
    return float("%.9g" % x)


def summary(t):
    flat = t.detach().reshape(-1).numpy()
    picks = [i * (flat.size - 1) // 7 for i in range(8)]
    return OrderedDict(
        shape=list(t.shape),
        norm=rounded(np.linalg.norm(flat)),
        entries=[rounded(flat[i]) for i in picks],
        products=[rounded(flat @ values("product%d" % k, flat.size)) for k in range(8)],
    )


def conv(i, o, k, s):
    return nn.Conv2d(i, o, k, stride=s, padding=k // 2, bias=False)


class BasicBlock(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(i, o, 3, stride), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = conv(o, o, 3, 1), nn.BatchNorm2d(o)
        if stride != 1 or i != o:
            self.shortcut = nn.Sequential(OrderedDict(conv=conv(i, o, 1, stride), bn=nn.BatchNorm2d(o)))

    def forward(self, x):
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        before = out + (self.shortcut(x) if hasattr(self, "shortcut") else x)
        return F.relu(before), before


class ResNet(nn.Module):
    def __init__(self, depth, widths):
        super().__init__()
        self.conv1, self.bn1 = conv(3, widths[0], 3, 1), nn.BatchNorm2d(widths[0])
        i = widths[0]
        for s, w in enumerate(widths[1:], 1):
            blocks = OrderedDict()
            for b in range((depth - 2) // 6):
                blocks["block%d" % b] = BasicBlock(i, w, 2 if s > 1 and b == 0 else 1)
                i = w
            setattr(self, "stage%d" % s, nn.Sequential(blocks))
        self.fc = nn.Linear(i, CLASSES)

    def forward(self, x):
        taps = OrderedDict(stem=F.relu(self.bn1(self.conv1(x))))
        x = taps["stem"]
        for s in (1, 2, 3):
            for block in getattr(self, "stage%d" % s):
                x, before = block(x)
            taps["stage%d.pre-activation" % s], taps["stage%d" % s] = before, x
        taps["pooled"] = F.avg_pool2d(x, 8).flatten(1)
        taps["logits"] = self.fc(taps["pooled"])
        return taps


class BottleneckBlock(nn.Module):
    def __init__(self, i, w, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(i, w, 1, 1), nn.BatchNorm2d(w)
        self.conv2, self.bn2 = conv(w, w, 3, stride), nn.BatchNorm2d(w)
        self.conv3, self.bn3 = conv(w, 4 * w, 1, 1), nn.BatchNorm2d(4 * w)
        if stride != 1 or i != 4 * w:
            self.shortcut = nn.Sequential(OrderedDict(conv=conv(i, 4 * w, 1, stride), bn=nn.BatchNorm2d(4 * w)))

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn3(self.conv3(F.relu(self.bn2(self.conv2(out)))))
        before = out + (self.shortcut(x) if hasattr(self, "shortcut") else x)
        return F.relu(before), before


class ImageNetResNet(nn.Module):
    def __init__(self, block, expansion, counts):
        super().__init__()
        self.conv1, self.bn1 = conv(3, 64, 7, 2), nn.BatchNorm2d(64)
        i = 64
        for s, count in enumerate(counts, 1):
            w = 64 * 2 ** (s - 1)
            blocks = OrderedDict()
            for b in range(count):
                blocks["block%d" % b] = block(i, w, 2 if s > 1 and b == 0 else 1)
                i = expansion * w
            setattr(self, "stage%d" % s, nn.Sequential(blocks))
        self.fc = nn.Linear(i, CLASSES)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, stride=2, padding=1)
        taps = OrderedDict(stem=x)
        for s in (1, 2, 3, 4):
            for block in getattr(self, "stage%d" % s):
                x, before = block(x)
            taps["stage%d.pre-activation" % s], taps["stage%d" % s] = before, x
        taps["pooled"] = F.adaptive_avg_pool2d(x, 1).flatten(1)
        taps["logits"] = self.fc(taps["pooled"])
        return taps


class PreActivationBlock(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(i), conv(i, o, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(o), conv(o, o, 3, 1)
        if i != o:
            self.shortcut = nn.Sequential(OrderedDict(conv=conv(i, o, 1, stride)))

    def forward(self, x):
        normed = self.bn1(x)
        activated = F.relu(normed)
        out = self.conv2(F.relu(self.bn2(self.conv1(activated))))
        return out + (self.shortcut(activated) if hasattr(self, "shortcut") else x), normed


class WideResNet(nn.Module):
    def __init__(self, depth, factor):
        super().__init__()
        self.conv1 = conv(3, 16, 3, 1)
        i = 16
        for s in (1, 2, 3):
            w = 16 * 2 ** (s - 1) * factor
            blocks = OrderedDict()
            for b in range((depth - 4) // 6):
                blocks["block%d" % b] = PreActivationBlock(i, w, 2 if s > 1 and b == 0 else 1)
                i = w
            setattr(self, "stage%d" % s, nn.Sequential(blocks))
        self.bn1 = nn.BatchNorm2d(i)
        self.fc = nn.Linear(i, CLASSES)

    def forward(self, x):
        x = self.conv1(x)
        taps = OrderedDict(stem=x)
        for s in (1, 2, 3):
            for b, block in enumerate(getattr(self, "stage%d" % s)):
                x, normed = block(x)
                if b == 0 and s > 1:
                    taps["stage%d.pre-activation" % (s - 1)] = normed
            taps["stage%d" % s] = x
        taps["stage3.pre-activation"] = self.bn1(x)
        taps["pooled"] = F.avg_pool2d(F.relu(taps["stage3.pre-activation"]), 8).flatten(1)
        taps["logits"] = self.fc(taps["pooled"])
        return taps


class VggPart(nn.Module):
    def __init__(self, i, o, count):
        super().__init__()
        self.count = count
        for n in range(1, count + 1):
            setattr(self, "conv%d" % n, nn.Conv2d(i, o, 3, padding=1))
            setattr(self, "bn%d" % n, nn.BatchNorm2d(o))
            i = o

    def forward(self, x):
        for n in range(1, self.count + 1):
            before = getattr(self, "bn%d" % n)(getattr(self, "conv%d" % n)(x))
            x = F.relu(before)
        return x, before


class Vgg(VggPart):
    def __init__(self, counts):
        super().__init__(3, 64, counts[0])
        i = 64
        for s, (w, count) in enumerate(zip((128, 256, 512, 512), counts[1:]), 1):
            setattr(self, "stage%d" % s, VggPart(i, w, count))
            i = w
        self.fc = nn.Linear(i, CLASSES)

    def forward(self, x):
        x, _ = super().forward(x)
        taps = OrderedDict(stem=x)
        for s in (1, 2, 3, 4):
            x, before = getattr(self, "stage%d" % s)(F.max_pool2d(x, 2) if s < 4 else x)
            taps["stage%d.pre-activation" % s], taps["stage%d" % s] = before, x
        taps["pooled"] = F.adaptive_avg_pool2d(x, 1).flatten(1)
        taps["logits"] = self.fc(taps["pooled"])
        return taps


class ImageNetVgg(VggPart):
    """torchvision's VGG-16 with batch-norm and without dropout: narrower, and its classifier takes the last map as it is."""

    def __init__(self, widths, hidden, size):
        super().__init__(3, widths[0], 2)
        i = widths[0]
        for s, (w, count) in enumerate(zip(widths[1:], (2, 3, 3, 3)), 1):
            setattr(self, "stage%d" % s, VggPart(i, w, count))
            i = w
        self.fc1, self.fc2 = nn.Linear(i * (size // 32) ** 2, hidden), nn.Linear(hidden, hidden)
        self.fc = nn.Linear(hidden, CLASSES)

    def forward(self, x):
        x, _ = super().forward(x)
        taps = OrderedDict(stem=x)
        for s in (1, 2, 3, 4):
            x, before = getattr(self, "stage%d" % s)(F.max_pool2d(x, 2))
            taps["stage%d.pre-activation" % s], taps["stage%d" % s] = before, x
        taps["last-map"] = F.max_pool2d(x, 2)
        taps["pooled"] = F.relu(self.fc2(F.relu(self.fc1(torch.flatten(taps["last-map"], 1)))))
        taps["logits"] = self.fc(taps["pooled"])
        return taps


def grouped(i, o, k, s, groups):
    return nn.Conv2d(i, o, k, stride=s, padding=k // 2, groups=groups, bias=False)


class Narrow(nn.Module):
    """What MobileNetV2 and the ShuffleNets share: lists of blocks are stages; the stem may pool, the head may widen."""

    def __init__(self, stem, stages, i, widened, activation=F.relu, pooled=False):
        super().__init__()
        self.activation, self.pooled = activation, pooled
        self.conv1, self.bn1 = stem, nn.BatchNorm2d(stem.out_channels)
        for s, blocks in enumerate(stages, 1):
            setattr(self, "stage%d" % s, nn.Sequential(OrderedDict(("block%d" % b, block) for b, block in enumerate(blocks))))
        if widened:
            self.conv2, self.bn2 = conv(i, widened, 1, 1), nn.BatchNorm2d(widened)
        self.fc = nn.Linear(widened or i, CLASSES)
        self.count = len(stages)

    def forward(self, x):
        x = self.activation(self.bn1(self.conv1(x)))
        if self.pooled:
            x = F.max_pool2d(x, 3, 2, 1)
        taps = OrderedDict(stem=x)
        for s in range(1, self.count + 1):
            for block in getattr(self, "stage%d" % s):
                x, before = block(x)
            taps["stage%d.pre-activation" % s], taps["stage%d" % s] = before, x
        if hasattr(self, "conv2"):
            x = self.activation(self.bn2(self.conv2(x)))
        taps["pooled"] = F.adaptive_avg_pool2d(x, 1).flatten(1)
        taps["logits"] = self.fc(taps["pooled"])
        return taps


class InvertedResidual(nn.Module):
    """The first convolution widens; torchvision leaves it out where there is nothing to widen."""

    def __init__(self, i, o, stride, expansion, activation, expands):
        super().__init__()
        w = i * expansion
        layers = [conv(i, w, 1, 1)] if expands else []
        layers += [grouped(w, w, 3, stride, w), conv(w, o, 1, 1)]
        for n, layer in enumerate(layers, 1):
            setattr(self, "conv%d" % n, layer)
            setattr(self, "bn%d" % n, nn.BatchNorm2d(layer.out_channels))
        self.activation, self.count = activation, len(layers)
        self.sum = stride == 1 and i == o

    def forward(self, x):
        out = x
        for n in range(1, self.count + 1):
            out = getattr(self, "bn%d" % n)(getattr(self, "conv%d" % n)(out))
            out = self.activation(out) if n < self.count else out
        out = x + out if self.sum else out
        return out, out


def mobilenet_v2(rows, i, activation, always_expands):
    stem, stages = conv(3, i, 3, 2), []
    for groups in rows:
        blocks = []
        for expansion, o, count, stride in groups:
            for b in range(count):
                expands = always_expands or expansion > 1
                blocks.append(InvertedResidual(i, o, stride if b == 0 else 1, expansion, activation, expands))
                i = o
        stages.append(blocks)
    return Narrow(stem, stages, i, 1280, activation)


def small_mobilenet_v2():
    rows = (((1, 8, 1, 1), (6, 12, 2, 1)), ((6, 16, 3, 2),), ((6, 32, 4, 2), (6, 48, 3, 1)), ((6, 80, 3, 2), (6, 160, 1, 1)))
    return mobilenet_v2(rows, 16, F.relu, True)


def imagenet_mobilenet_v2():
    rows = (((1, 16, 1, 1), (6, 24, 2, 2)), ((6, 32, 3, 2),), ((6, 64, 4, 2), (6, 96, 3, 1)), ((6, 160, 3, 2), (6, 320, 1, 1)))
    return mobilenet_v2(rows, 32, F.relu6, False)


def shuffle(x, groups):
    n, c, h, w = x.shape
    return x.reshape(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)


class ShuffleV1Block(nn.Module):
    def __init__(self, i, o, first):
        super().__init__()
        o, stride = (o - i, 2) if first else (o, 1)
        self.groups = 1 if i == 24 else 3
        self.conv1, self.bn1 = grouped(i, o // 4, 1, 1, self.groups), nn.BatchNorm2d(o // 4)
        self.conv2, self.bn2 = grouped(o // 4, o // 4, 3, stride, o // 4), nn.BatchNorm2d(o // 4)
        self.conv3, self.bn3 = grouped(o // 4, o, 1, 1, 3), nn.BatchNorm2d(o)
        self.first = first

    def forward(self, x):
        out = shuffle(F.relu(self.bn1(self.conv1(x))), self.groups)
        out = self.bn3(self.conv3(F.relu(self.bn2(self.conv2(out)))))
        before = torch.cat((out, F.avg_pool2d(x, 3, stride=2, padding=1)), 1) if self.first else out + x
        return F.relu(before), before


class ShuffleV2Block(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.half = w // 2
        self.conv1, self.bn1 = conv(self.half, self.half, 1, 1), nn.BatchNorm2d(self.half)
        self.conv2, self.bn2 = grouped(self.half, self.half, 3, 1, self.half), nn.BatchNorm2d(self.half)
        self.conv3, self.bn3 = conv(self.half, self.half, 1, 1), nn.BatchNorm2d(self.half)

    def forward(self, x):
        passed, out = x.split(self.half, 1)
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(out)))))
        before = self.bn3(self.conv3(out))
        return shuffle(torch.cat((passed, F.relu(before)), 1), 2), torch.cat((passed, before), 1)


class ShuffleV2Halving(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        h = o // 2
        self.conv1, self.bn1 = grouped(i, i, 3, 2, i), nn.BatchNorm2d(i)
        self.conv2, self.bn2 = conv(i, h, 1, 1), nn.BatchNorm2d(h)
        self.conv3, self.bn3 = conv(i, h, 1, 1), nn.BatchNorm2d(h)
        self.conv4, self.bn4 = grouped(h, h, 3, 2, h), nn.BatchNorm2d(h)
        self.conv5, self.bn5 = conv(h, h, 1, 1), nn.BatchNorm2d(h)

    def forward(self, x):
        left = F.relu(self.bn2(self.conv2(self.bn1(self.conv1(x)))))
        right = self.bn4(self.conv4(F.relu(self.bn3(self.conv3(x)))))
        return shuffle(torch.cat((left, F.relu(self.bn5(self.conv5(right)))), 1), 2), None


def shufflenet_v1():
    widths = (24, 240, 480, 960)
    stages = [[ShuffleV1Block(o if b else i, o, b == 0) for b in range(n)] for i, o, n in zip(widths, widths[1:], (4, 8, 4))]
    return Narrow(conv(3, 24, 1, 1), stages, 960, None)


def shufflenet_v2(stem, pooled):
    widths = (24, 116, 232, 464)
    stages = [[ShuffleV2Block(o) if b else ShuffleV2Halving(i, o) for b in range(n)] for i, o, n in zip(widths, widths[1:], (4, 8, 4))]
    return Narrow(stem, stages, 464, 1024, pooled=pooled)


def load(network, bias_mean):
    with torch.no_grad():
        for name, t in network.state_dict().items():
            last = name.rsplit(".", 1)[1]
            if last == "num_batches_tracked":
                continue
            if last in ("running_mean", "bias"):
                t.copy_(tensor(name, t.shape, 0.2, bias_mean if last == "bias" else 0.0))
            elif last == "running_var" or t.dim() == 1:
                t.copy_(tensor(name, t.shape, 0.5, 1.0))
            else:
                t.copy_(tensor(name, t.shape, 2 * math.sqrt(6.0 / math.prod(t.shape[1:]))))


def gradients(network):
    """A bias that the next batch-norm takes away again has the gradient 0; what is computed for it is rounding."""
    found = OrderedDict((k, p.grad) for k, p in network.named_parameters())
    for name, gradient in found.items():
        if gradient.norm() < 1e-9 * found[name.rsplit(".", 1)[0] + ".weight"].norm():
            found[name] = torch.zeros_like(gradient)
    return found


def reference(network, image, bias_mean):
    network.double()
    load(network, bias_mean)
    images = tensor("image", [BATCH] + image, 4.0)
    network.train()
    taps = network(images)
    loss = sum((taps[tap] * tensor("gradient." + tap, taps[tap].shape, scale)).sum() for tap, scale in LOSS_TAPS.items())
    loss.backward()
    out = OrderedDict(loss=loss.item())
    out["training_taps"] = OrderedDict((k, summary(t)) for k, t in taps.items())
    out["gradients"] = OrderedDict((k, summary(g)) for k, g in gradients(network).items())
    out["statistics"] = OrderedDict((k, summary(t)) for k, t in network.named_buffers() if not k.endswith("num_batches_tracked"))
    network.eval()
    with torch.no_grad():
        taps = network(images)
    out["evaluation_taps"] = OrderedDict((k, summary(t)) for k, t in taps.items())
    out["evaluation_logits"] = taps["logits"].tolist()
    return out


SMALL = OrderedDict(image=[3, 32, 32], bias_mean=0.0)
# Of the 1.3 million inputs of resnet8x4's ReLUs the nearest to 0 is 5e-7 with biases around 0, and 6e-6 with these.
WIDE = OrderedDict(image=[3, 32, 32], bias_mean=1.5)
# With biases around 0, PyTorch's own float32 differs from its float64 by 1e-4 behind resnet50's last stage, and by 1e-2 in the
# gradients, where a ReLU's input rounds to the other sign; larger images and batches have more such inputs. Biases around
# 1.75 leave some 2 % of the inputs negative and none within twice its rounding error of 0.
DEEP = OrderedDict(image=[3, 64, 64], bias_mean=1.75)
# These leave 1 to 3 % of the inputs negative and none within its rounding error of 0.
MOBILE = OrderedDict(image=[3, 32, 32], bias_mean=2.0)
LARGE_MOBILE = OrderedDict(image=[3, 64, 64], bias_mean=2.0)

networks = OrderedDict(
    resnet8=(ResNet(8, (16, 16, 32, 64)), SMALL),
    resnet8x4=(ResNet(8, (32, 64, 128, 256)), WIDE),
    wrn_16_1=(WideResNet(16, 1), SMALL),
    wrn_16_2=(WideResNet(16, 2), SMALL),
    resnet34=(ImageNetResNet(BasicBlock, 1, (3, 4, 6, 3)), DEEP),
    resnet50=(ImageNetResNet(BottleneckBlock, 4, (3, 4, 6, 3)), DEEP),
    vgg8=(Vgg((1, 1, 1, 1, 1)), MOBILE),
    mobilenet_v2_32=(small_mobilenet_v2(), MOBILE),
    shufflenet_v1_32=(shufflenet_v1(), MOBILE),
    shufflenet_v2_32=(shufflenet_v2(conv(3, 24, 1, 1), False), MOBILE),
    mobilenet_v2=(imagenet_mobilenet_v2(), LARGE_MOBILE),
    shufflenet_v2_x1_0=(shufflenet_v2(conv(3, 24, 3, 2), True), LARGE_MOBILE),
    # An eighth of its widths and a 64th of its classifier's, as org.sftn.zoo.NarrowNetworks makes it; the last map is 64 x 2 x 2.
    vgg16_bn=(ImageNetVgg((8, 16, 32, 64, 64), 64, 64), LARGE_MOBILE),
)
result = OrderedDict(torch=torch.__version__, batch=BATCH, classes=CLASSES, loss_taps=LOSS_TAPS)
result["settings"] = OrderedDict((k, settings) for k, (_, settings) in networks.items())
result["networks"] = OrderedDict((k, reference(n, **settings)) for k, (n, settings) in networks.items())
json.dump(result, sys.stdout, separators=(",", ":"))
print()
