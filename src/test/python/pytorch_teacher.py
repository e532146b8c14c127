"""Trains a student-friendly teacher in PyTorch, to compare the curves of jobs/teacher.sh with.

    python pytorch_teacher.py --data DIR --teacher resnet20 --student resnet8 --epochs 6 --milestones 4,5 --seed 1 [--attach]

DIR holds train.bin and test.bin, as for prepare.source = cifar-100-binary. Recipe and loss are the defaults of reference.conf except for
what is given. Prints a line of JSON an epoch, with the names of metrics.csv. Needs nothing but PyTorch.
"""

import argparse
import json
import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../main/python"))
from pytorch_step import StudentFriendly, network  # noqa: E402

MEAN = torch.tensor([0.5071, 0.4867, 0.4408]).view(1, 3, 1, 1)
DEVIATION = torch.tensor([0.2675, 0.2565, 0.2761]).view(1, 3, 1, 1)
PADDING = 4


def split(path):
    """Images from 0 to 1 and fine labels of a binary file: a byte of coarse and of fine label, then planes of R, G, B."""
    with open(path, "rb") as file:
        rows = torch.frombuffer(bytearray(file.read()), dtype=torch.uint8).view(-1, 2 + 3 * 32 * 32)
    return rows[:, 2:].view(-1, 3, 32, 32).float() / 255, rows[:, 1].long()


def augmented(images):
    """A random crop of each image after padding with black, mirrored at random."""
    padded = F.pad(images, [PADDING] * 4)
    out = torch.empty_like(images)
    places = torch.randint(2 * PADDING + 1, (len(images), 2)).tolist()
    mirrored = torch.rand(len(images)) < 0.5
    for i, (y, x) in enumerate(places):
        view = padded[i, :, y : y + 32, x : x + 32]
        out[i] = view.flip(2) if mirrored[i] else view
    return out


def ready(images):
    return ((images - MEAN) / DEVIATION).contiguous(memory_format=torch.channels_last)


def initialize(module):
    """Convolutions as RepDistiller's networks; linear layers and batch-norm start as PyTorch has them."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def names(logits):
    return [""] + ["_branch%d" % i for i in range(1, len(logits))]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--teacher", default="resnet20")
    parser.add_argument("--student", default="resnet8")
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--milestones", type=lambda text: [int(word) for word in text.split(",")], required=True)
    parser.add_argument("--lambda-kl", type=float, default=1)
    parser.add_argument("--attach", action="store_true", help="teacher.detach-teacher = false")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    model = StudentFriendly(network(options.teacher), lambda: network(options.student))
    model.apply(initialize)
    model = model.to(memory_format=torch.channels_last)
    sgd = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.MultiStepLR(sgd, options.milestones, 0.1)
    images, labels = split(os.path.join(options.data, "train.bin"))
    test_images, test_labels = split(os.path.join(options.data, "test.bin"))

    for epoch in range(1, options.epochs + 1):
        sums = {}
        model.train()
        for rows in torch.randperm(len(images)).split(64):
            logits = model.logits(ready(augmented(images[rows])))
            parts = model.terms(logits, labels[rows], options.lambda_kl, options.attach)
            sgd.zero_grad()
            sum(parts.values()).backward()
            sgd.step()
            told = {"train_loss_" + name: value.item() * len(rows) for name, value in parts.items()}
            told["train_loss"] = sum(told.values())
            for name, values in zip(names(logits), logits):
                told["train_top1" + name] = (values.argmax(1) == labels[rows]).sum().item()
            sums = {name: sums.get(name, 0) + value for name, value in told.items()}
        schedule.step()
        line = {"epoch": epoch, **{name: round(value / len(images), 5) for name, value in sums.items()}}
        model.eval()
        correct = {}
        with torch.no_grad():
            for rows in torch.arange(len(test_images)).split(500):
                logits = model.logits(ready(test_images[rows]))
                for name, values in zip(names(logits), logits):
                    right = (values.argmax(1) == test_labels[rows]).sum().item()
                    correct["test_top1" + name] = correct.get("test_top1" + name, 0) + right
        print(json.dumps({**line, **{name: count / len(test_images) for name, count in correct.items()}}), flush=True)


if __name__ == "__main__":
    main()
