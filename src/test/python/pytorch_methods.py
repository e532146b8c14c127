"""Reference values of the modules and losses of FT, ReviewKD and SimKD, computed by PyTorch:
src/test/resources/golden/pytorch_methods.json.

    python pytorch_methods.py > ../resources/golden/pytorch_methods.json

The committed file was made with torch 2.13.0+cpu. The modules are written after the papers' formulas, with the names of
org.sftn.distill, so that the names are held too. Maps, weights and biases come from `values`, which the Java test repeats; they are
float32, and everything after them is float64.

Every case has the channels and sizes of a student's and a teacher's stages, a loss and its gradient for every parameter of the
trained module. The context cases have the gradient for the student's map.
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

BATCH = 3


def values(name, count):
    """As in pytorch_reference.py."""
    state, made = zlib.crc32(name.encode()), np.empty(count)
    for i in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        made[i] = (state >> 8) / 2.0**24 - 0.5
    return made


def tensor(name, shape, scale, offset=0.0):
    made = offset + scale * values(name, math.prod(shape))
    return torch.from_numpy(made.astype(np.float32).astype(np.float64).reshape(shape))


def maps(name, channels, size):
    return tensor(name, [BATCH, channels, size, size], 4.0)


def stored(t):
    return OrderedDict(shape=list(t.shape), data=[float("%.9g" % x) for x in t.detach().reshape(-1).tolist()])


def load(module):
    with torch.no_grad():
        for name, p in module.named_parameters():
            last = name.rsplit(".", 1)[1]
            if last == "bias":
                p.copy_(tensor(name, p.shape, 0.2))
            elif p.dim() == 1:
                p.copy_(tensor(name, p.shape, 0.5, 1.0))
            else:
                p.copy_(tensor(name, p.shape, 2 * math.sqrt(6.0 * p.shape[0] / p.numel())))
    return module


def case(method, module, loss, **shapes):
    loss.backward()
    gradients = OrderedDict((name, stored(p.grad)) for name, p in module.named_parameters())
    return OrderedDict(method=method, **shapes, loss=loss.item(), gradients=gradients)


class Normed(nn.Module):
    """Convolutions of (channels in, channels out, kernel), named convN, each with batch-norm, bnN, and what follows it."""

    def __init__(self, *convolutions):
        super().__init__()
        for n, (i, o, k) in enumerate(convolutions, 1):
            setattr(self, "conv%d" % n, nn.Conv2d(i, o, k, padding=k // 2, bias=False))
            setattr(self, "bn%d" % n, nn.BatchNorm2d(o))

    def normed(self, n, x):
        return getattr(self, "bn%d" % n)(getattr(self, "conv%d" % n)(x))


def context(s, t):
    """Mean squared errors of two maps and of their 4x4, 2x2 and 1x1 averages, weighted 1, 1/2, 1/4, 1/8 and divided by the sum."""
    terms = [F.mse_loss(s, t)]
    for cells in (4, 2, 1):
        if cells < s.shape[2]:
            terms.append(F.mse_loss(F.adaptive_avg_pool2d(s, cells), F.adaptive_avg_pool2d(t, cells)))
    weights = [0.5**i for i in range(len(terms))]
    return sum(w * term for w, term in zip(weights, terms)) / sum(weights)


class Level(Normed):
    def __init__(self, i, width, o, fuse):
        super().__init__((i, width, 1), (width, o, 3))
        if fuse:
            self.attention1, self.attention2 = nn.Conv2d(width, 2, 1), nn.Conv2d(width, 2, 1, bias=False)

    def forward(self, x, deeper, size):
        x = self.normed(1, x)
        if deeper is not None:
            deeper = F.interpolate(deeper, size=x.shape[2:], mode="nearest")
            # The paper's one convolution of both maps.
            weight = torch.cat([self.attention1.weight, self.attention2.weight], 1)
            gates = torch.sigmoid(F.conv2d(torch.cat([x, deeper], 1), weight, self.attention1.bias))
            x = x * gates[:, :1] + deeper * gates[:, 1:]
        x = F.interpolate(x, size=(size, size), mode="nearest")
        return x, self.normed(2, x)


def review(student, teacher):
    width = student[-1][0]
    levels = [("pooled", Level(width, width, teacher[-1][0], False))]
    for i in reversed(range(len(student))):
        levels.append(("stage%d" % (i + 1), Level(student[i][0], width, teacher[i][0], True)))
    module = load(nn.ModuleDict(OrderedDict(levels)).double())
    x = F.adaptive_avg_pool2d(maps("student.last-map", *student[-1]), 1)
    x, out = module["pooled"](x, None, 1)
    loss = context(out, maps("teacher.pooled", teacher[-1][0], 1))
    for i in reversed(range(len(student))):
        name = "stage%d" % (i + 1)
        x, out = module[name](maps("student." + name, *student[i]), x, teacher[i][1])
        loss = loss + context(out, maps("teacher.%s.pre-activation" % name, *teacher[i]))
    return case("reviewkd", module, loss, student=student, teacher=teacher)


class Projector(Normed):
    def __init__(self, i, o):
        super().__init__((i, o // 2, 1), (o // 2, o // 2, 3), (o // 2, o, 1))

    def forward(self, x):
        for n in (1, 2, 3):
            x = F.relu(self.normed(n, x))
        return x


def reuse(student, teacher):
    s, t = maps("features", *student[-1]), maps("teacher.last-map", *teacher[-1])
    size = min(student[-1][1], teacher[-1][1])
    s, t = F.adaptive_avg_pool2d(s, size), F.adaptive_avg_pool2d(t, size)
    module = load(nn.ModuleDict({"projector": Projector(student[-1][0], teacher[-1][0])}).double())
    return case("simkd", module, F.mse_loss(module["projector"](s), t), student=student, teacher=teacher)


class Paraphraser(nn.Module):
    def __init__(self, c, k):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = (nn.Conv2d(a, b, 3, padding=1) for a, b in ((c, c), (c, k), (k, k)))
        self.deconv1, self.deconv2, self.deconv3 = (
            nn.ConvTranspose2d(a, b, 3, padding=1) for a, b in ((k, k), (k, c), (c, c))
        )

    def encode(self, x):
        for layer in (self.conv1, self.conv2, self.conv3):
            x = F.leaky_relu(layer(x), 0.1)
        return x

    def forward(self, x):
        x = self.encode(x)
        for layer in (self.deconv1, self.deconv2, self.deconv3):
            x = F.leaky_relu(layer(x), 0.1)
        return x


class Translator(Normed):
    def __init__(self, c, k):
        super().__init__((c, c, 3), (c, k, 3), (k, k, 3))

    def forward(self, x):
        for n in (1, 2, 3):
            x = F.leaky_relu(self.normed(n, x), 0.1)
        return x


def paraphraser(teacher):
    return load(nn.ModuleDict({"paraphraser": Paraphraser(teacher[-1][0], teacher[-1][0] // 2)}).double())


def teacher_map(teacher):
    return maps("teacher.stage%d" % len(teacher), *teacher[-1])


def paraphrase(student, teacher):
    module, t = paraphraser(teacher), teacher_map(teacher)
    return case("ft preliminary", module, F.mse_loss(module["paraphraser"](t), t), student=student, teacher=teacher)


def factor(f):
    return F.normalize(f.pow(2).mean(1).flatten(1))


def transfer(student, teacher):
    module = load(nn.ModuleDict({"translator": Translator(student[-1][0], teacher[-1][0] // 2)}).double())
    with torch.no_grad():
        t = paraphraser(teacher)["paraphraser"].encode(teacher_map(teacher))
    s = module["translator"](maps("student.stage%d" % len(student), *student[-1]))
    size = min(student[-1][1], teacher[-1][1])
    s, t = F.adaptive_avg_pool2d(s, size), F.adaptive_avg_pool2d(t, size)
    return case("ft", module, 200 * (factor(s) - factor(t)).abs().mean(), student=student, teacher=teacher)


def context_case(channels, size):
    s, t = maps("student", channels, size).requires_grad_(), maps("teacher", channels, size)
    loss = context(s, t)
    loss.backward()
    return OrderedDict(shape=list(s.shape), loss=loss.item(), gradient=stored(s.grad))


# Channels and size of each stage.
LARGE, WIDE, SMALL = [[4, 8], [6, 8], [8, 4]], [[5, 8], [7, 8], [10, 4]], [[6, 8], [8, 4], [10, 2]]
pairs = [(LARGE, WIDE), (SMALL, WIDE), (LARGE, SMALL)]
result = OrderedDict(torch=torch.__version__, batch=BATCH)
result["contexts"] = [context_case(c, size) for c, size in ((3, 8), (2, 7), (2, 5), (3, 4), (3, 3), (4, 2), (5, 1))]
result["cases"] = [make(s, t) for make in (review, reuse, paraphrase, transfer) for s, t in pairs]
json.dump(result, sys.stdout, separators=(",", ":"))
print()
