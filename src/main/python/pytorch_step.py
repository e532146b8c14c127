"""One training step in PyTorch on the CPU: what jobs/bench.sh measures, with the same options and keys of JSON.

    python pytorch_step.py --network kd:resnet32x4:resnet8x4 --batch 64 --precision bf16 --iterations 12 --threads 2 [--compile]

The networks are those of org.sftn.zoo (CIFAR ResNets and Wide ResNets after RepDistiller, ResNets for ImageNet after torchvision) and
the losses those of org.sftn.teacher and org.sftn.distill with their default settings. Memory is channels-last; bf16 is autocast.
Needs nothing but PyTorch.
"""

import argparse
import json
import re
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

WARM_UP = 2


def conv(inputs, outputs, kernel, stride=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


def conv_bn(inputs, outputs, kernel, stride=1):
    return [conv(inputs, outputs, kernel, stride), nn.BatchNorm2d(outputs)]


def relu():
    return nn.ReLU(inplace=True)


class Residual(nn.Module):
    """The ResNets' block: a path of convolutions, added to the block's input."""

    def __init__(self, inputs, outputs, stride, path):
        super().__init__()
        self.path = nn.Sequential(*path)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else nn.Sequential(*conv_bn(inputs, outputs, 1, stride))

    def forward(self, x):
        return F.relu(self.path(x) + self.shortcut(x), inplace=True)


def basic(inputs, width, stride):
    return Residual(inputs, width, stride, [*conv_bn(inputs, width, 3, stride), relu(), *conv_bn(width, width, 3)])


def bottleneck(inputs, width, stride):
    path = [*conv_bn(inputs, width, 1), relu(), *conv_bn(width, width, 3, stride), relu(), *conv_bn(width, 4 * width, 1)]
    return Residual(inputs, 4 * width, stride, path)


class PreActivation(nn.Module):
    """The Wide ResNets' block."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.activate = nn.Sequential(nn.BatchNorm2d(inputs), relu())
        self.path = nn.Sequential(conv(inputs, outputs, 3, stride), nn.BatchNorm2d(outputs), relu(), conv(outputs, outputs, 3))
        self.shortcut = None if inputs == outputs else conv(inputs, outputs, 1, stride)

    def forward(self, x):
        activated = self.activate(x)
        return self.path(activated) + (x if self.shortcut is None else self.shortcut(activated))


class Classifier(nn.Module):
    """Stem, stages, head. `widths` are the channels of the stages' outputs."""

    def __init__(self, stem, stages, head, widths, size, classes):
        super().__init__()
        self.stem, self.stages = stem, nn.ModuleList(stages)
        self.head = nn.Sequential(*head, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], classes))
        self.widths, self.size, self.classes = widths, size, classes

    def features(self, x):
        """The outputs of all stages."""
        found, x = [], self.stem(x)
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        return found

    def forward(self, x):
        return self.head(self.features(x)[-1])

    def tail(self, stage):
        """What follows a stage, counted from 1."""
        return nn.Sequential(*self.stages[stage:], self.head)


def stages(block, inputs, widths, blocks, expansion=1):
    """All stages but the first halve the image."""
    made = []
    for i, (width, count) in enumerate(zip(widths, blocks)):
        rows = []
        for j in range(count):
            rows.append(block(inputs, width, 2 if i > 0 and j == 0 else 1))
            inputs = expansion * width
        made.append(nn.Sequential(*rows))
    return made


IMAGENET = {
    "resnet18": (basic, 1, [2, 2, 2, 2]),
    "resnet34": (basic, 1, [3, 4, 6, 3]),
    "resnet50": (bottleneck, 4, [3, 4, 6, 3]),
    "resnet101": (bottleneck, 4, [3, 4, 23, 3]),
}


def network(name):
    if name in IMAGENET:
        block, expansion, blocks = IMAGENET[name]
        widths = [64, 128, 256, 512]
        stem = nn.Sequential(*conv_bn(3, 64, 7, 2), relu(), nn.MaxPool2d(3, 2, 1))
        return Classifier(stem, stages(block, 64, widths, blocks, expansion), [], [expansion * w for w in widths], 224, 1000)
    if match := re.fullmatch(r"resnet(8|14|20|32|44|56|110)(x4)?", name):
        stem, widths = (32, [64, 128, 256]) if match[2] else (16, [16, 32, 64])
        blocks = [(int(match[1]) - 2) // 6] * 3
        return Classifier(nn.Sequential(*conv_bn(3, stem, 3), relu()), stages(basic, stem, widths, blocks), [], widths, 32, 100)
    if match := re.fullmatch(r"wrn_(16|40)_([12])", name):
        widths = [w * int(match[2]) for w in (16, 32, 64)]
        blocks = [(int(match[1]) - 4) // 6] * 3
        head = [nn.BatchNorm2d(widths[-1]), relu()]
        return Classifier(conv(3, 16, 3), stages(PreActivation, 16, widths, blocks), head, widths, 32, 100)
    raise SystemExit(f"error: this script has no network '{name}'")


def divergence(teacher, student, temperature):
    """T^2 KL(teacher||student), the mean over the batch."""
    target = F.softmax(teacher / temperature, 1)
    return temperature**2 * F.kl_div(F.log_softmax(student / temperature, 1), target, reduction="batchmean")


class Plain(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x, labels):
        return F.cross_entropy(self.model(x), labels)


class StudentFriendly(nn.Module):
    """A teacher and a branch behind every stage but the last: a transform, then what follows that stage in the student."""

    def __init__(self, teacher, student):
        super().__init__()
        if len(teacher.stages) != len(student().stages):
            raise SystemExit("error: this script joins networks with equal numbers of stages only")
        self.teacher = teacher
        self.branches = nn.ModuleList()
        for stage in range(1, len(teacher.stages)):
            grown = student()
            transform = [*conv_bn(teacher.widths[stage - 1], grown.widths[stage - 1], 3), relu()]
            self.branches.append(nn.Sequential(*transform, grown.tail(stage)))

    def logits(self, x):
        """The teacher's, then the branches'."""
        features = self.teacher.features(x)
        return [self.teacher.head(features[-1])] + [branch(feature) for feature, branch in zip(features, self.branches)]

    def terms(self, logits, labels, lambda_kl=1, attach=False):
        """The loss, by the names of metrics.csv."""
        teacher, branches = logits[0], logits[1:]
        target = teacher if attach else teacher.detach()
        return {
            "teacher-ce": F.cross_entropy(teacher, labels),
            "branch-kl": lambda_kl * sum(divergence(target, branch, 1) for branch in branches) / len(branches),
            "branch-ce": sum(F.cross_entropy(branch, labels) for branch in branches) / len(branches),
        }

    def forward(self, x, labels):
        return sum(self.terms(self.logits(x), labels).values())


class Distilled(nn.Module):
    """A student; the teacher is no part of the module, so it is neither trained nor counted."""

    def __init__(self, teacher, student):
        super().__init__()
        self.student = student
        self.teacher = [teacher.eval()]

    def forward(self, x, labels):
        with torch.no_grad():
            taught = self.teacher[0](x)
        logits = self.student(x)
        return 0.1 * F.cross_entropy(logits, labels) + 0.9 * divergence(taught, logits, 4)


def context(learnt, taught):
    """Mean squared errors of two maps and of their averages over grids of cells, weighted 1, 1/2, 1/4 and so on."""
    loss, all_weights, weight = F.mse_loss(learnt, taught), 1.0, 1.0
    for cells in (4, 2, 1):
        if cells < learnt.shape[2]:
            weight /= 2
            all_weights += weight
            loss = loss + weight * F.mse_loss(F.adaptive_avg_pool2d(learnt, cells), F.adaptive_avg_pool2d(taught, cells))
    return loss / all_weights


class Reviewed(nn.Module):
    """ReviewKD in its first epoch. The teacher's maps are those after ReLU, which costs the same as those before."""

    def __init__(self, teacher, student):
        super().__init__()
        self.student = student
        self.teacher = [teacher.eval()]
        widths = [*student.widths, student.widths[-1]]
        middle = min(512, widths[-1])
        self.maps = nn.ModuleList(nn.Sequential(*conv_bn(width, middle, 1)) for width in widths)
        self.gates = nn.ModuleList(nn.Conv2d(2 * middle, 2, 1) for _ in student.widths)
        self.learnt = nn.ModuleList(nn.Sequential(*conv_bn(middle, width, 3)) for width in [*teacher.widths, teacher.widths[-1]])

    def forward(self, x, labels):
        with torch.no_grad():
            taught = self.teacher[0].features(x)
        features = self.student.features(x)
        loss = F.cross_entropy(self.student.head(features[-1]), labels)
        fused = None
        for i in reversed(range(len(self.maps))):
            pooled = i == len(features)
            own = self.maps[i](F.adaptive_avg_pool2d(features[-1], 1) if pooled else features[i])
            if fused is not None:
                fused = F.interpolate(fused, size=own.shape[2:])
                gates = torch.sigmoid(self.gates[i](torch.cat([own, fused], 1)))
                own = own * gates[:, :1] + fused * gates[:, 1:]
            fused = own
            loss = loss + context(self.learnt[i](fused), F.adaptive_avg_pool2d(taught[-1], 1) if pooled else taught[i]) / 20
        return loss


def objective(name):
    """The module that returns the loss, the size of its images and the number of classes."""
    words = name.split(":")
    if len(words) == 3 and words[0] in ("sftn", "kd", "reviewkd"):
        first = network(words[1]).to(memory_format=torch.channels_last)
        if words[0] == "sftn":
            made = StudentFriendly(first, lambda: network(words[2]))
        else:
            made = (Distilled if words[0] == "kd" else Reviewed)(first, network(words[2]))
    else:
        first = network(name)
        made = Plain(first)
    return made.to(memory_format=torch.channels_last), first.size, first.classes


def peak_memory_mib():
    with open("/proc/self/status") as status:
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read())
    return round(int(found[1]) / 1024, 1) if found else None


def parser(description):
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--network", required=True)
    made.add_argument("--batch", type=int, required=True, help="of all ranks")
    made.add_argument("--precision", choices=("fp32", "bf16"), required=True)
    made.add_argument("--iterations", type=int, required=True)
    made.add_argument("--threads", type=int, required=True, help="of a rank")
    return made


def measure(loss, trained, batch, size, classes, options):
    """Trains on one batch over and over. The median seconds of a step and the loss of the last."""
    sgd = torch.optim.SGD(trained.parameters(), lr=1e-5, momentum=0.9, weight_decay=5e-4)
    images = torch.randn(batch, 3, size, size).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(classes, (batch,))
    seconds = []
    for _ in range(WARM_UP + options.iterations):
        start = time.perf_counter()
        sgd.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bf16"):
            value = loss(images, labels)
        value.backward()
        sgd.step()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[WARM_UP:]), value.item()


def count(trained):
    return sum(p.numel() for p in trained.parameters())


def line(engine, options, parameters, median, memory, value):
    """What is printed, by the keys of jobs/bench.sh."""
    return {
        "engine": engine,
        "network": options.network,
        "batch": options.batch,
        "precision": options.precision,
        "threads": options.threads,
        "iterations": options.iterations,
        "parameters": parameters,
        "images_per_second": round(options.batch / median, 1),
        "milliseconds": round(1000 * median, 2),
        "peak_memory_mib": memory,
        "loss": round(value, 4),
    }


def main():
    arguments = parser("One training step in PyTorch; prints one line of JSON.")
    arguments.add_argument("--compile", action="store_true", help="with torch.compile, which wants a C++ compiler and minutes")
    options = arguments.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    trained, size, classes = objective(options.network)
    loss = torch.compile(trained) if options.compile else trained
    median, value = measure(loss, trained, options.batch, size, classes, options)
    engine = f"pytorch {torch.__version__}" + (", compiled" if options.compile else "")
    print(json.dumps(line(engine, options, count(trained), median, peak_memory_mib(), value)))


if __name__ == "__main__":
    main()
