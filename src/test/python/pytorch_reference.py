"""Reference values of networks of the zoo, computed by PyTorch: src/test/resources/golden/pytorch_networks.json.

    python pytorch_reference.py > ../resources/golden/pytorch_networks.json

The committed file was made with torch 2.13.0+cpu. The networks are written after RepDistiller (github.com/HobbitLong/RepDistiller,
models/resnet.py and models/wrn.py) and torchvision (github.com/pytorch/vision, torchvision/models/resnet.py), with the names of
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
LOSS_TAPS = {"logits": 1.0, "pooled": 0.5, "stem": 0.01, "stage1": 0.01, "stage2.before-relu": 0.02, "stage3.before-relu": 0.05}


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
            taps["stage%d.before-relu" % s], taps["stage%d" % s] = before, x
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
            taps["stage%d.before-relu" % s], taps["stage%d" % s] = before, x
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
                    taps["stage%d.before-relu" % (s - 1)] = normed
            taps["stage%d" % s] = x
        taps["stage3.before-relu"] = self.bn1(x)
        taps["pooled"] = F.avg_pool2d(F.relu(taps["stage3.before-relu"]), 8).flatten(1)
        taps["logits"] = self.fc(taps["pooled"])
        return taps


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
    out["gradients"] = OrderedDict((k, summary(p.grad)) for k, p in network.named_parameters())
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

networks = OrderedDict(
    resnet8=(ResNet(8, (16, 16, 32, 64)), SMALL),
    resnet8x4=(ResNet(8, (32, 64, 128, 256)), WIDE),
    wrn_16_1=(WideResNet(16, 1), SMALL),
    wrn_16_2=(WideResNet(16, 2), SMALL),
    resnet34=(ImageNetResNet(BasicBlock, 1, (3, 4, 6, 3)), DEEP),
    resnet50=(ImageNetResNet(BottleneckBlock, 4, (3, 4, 6, 3)), DEEP),
)
result = OrderedDict(torch=torch.__version__, batch=BATCH, classes=CLASSES, loss_taps=LOSS_TAPS)
result["settings"] = OrderedDict((k, settings) for k, (_, settings) in networks.items())
result["networks"] = OrderedDict((k, reference(n, **settings)) for k, (n, settings) in networks.items())
json.dump(result, sys.stdout, separators=(",", ":"))
print()
