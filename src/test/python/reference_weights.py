#!/usr/bin/env python3
"""What the networks' parameters are called where they come from, and files of weights that share no code with ours.

    reference_weights.py --names REPDISTILLER > src/test/resources/golden/reference_names.json
        the names and shapes in the state_dict() of every network of the zoo: RepDistiller's with 100 classes, torchvision's with
        1000. No num_batches_tracked: nothing of the zoo corresponds to it.
    reference_weights.py --files REPDISTILLER src/test/resources/golden
        repdistiller_resnet8.safetensors: RepDistiller's resnet8 of 10 classes with random values, batch-norm's included;
        repdistiller_resnet8_logits.safetensors: its logits, computed in float64, of two images;
        halves.safetensors: numbers of 16 bits, and what PyTorch makes of them in 32
    reference_weights.py --load REPDISTILLER NETWORK FILE [SAME]
        loads FILE, which may be ours, with load_state_dict(strict=True); ends with an error unless its values are those of the file
        SAME, bit for bit

REPDISTILLER is a checkout of github.com/HobbitLong/RepDistiller; the committed files are of its commit b84f547, torchvision 0.28,
torch 2.13 and safetensors 0.8.
"""
import argparse
import contextlib
import json
import pathlib
import sys

import torch
import torchvision
from safetensors.torch import load_file, save_file

# The names in RepDistiller's model_dict that are not ours.
RENAMED = {"resnet50_32": "ResNet50", "mobilenet_v2_32": "MobileNetV2", "shufflenet_v1_32": "ShuffleV1", "shufflenet_v2_32": "ShuffleV2"}
OF_TORCHVISION = ["mobilenet_v2", "resnet101", "resnet18", "resnet34", "resnet50", "shufflenet_v2_x1_0", "vgg16_bn"]
TRACKED = "num_batches_tracked"


def repdistiller(folder):
    sys.path.insert(0, folder)
    from models import model_dict

    ours = {theirs: name for name, theirs in RENAMED.items()}
    return {ours.get(theirs, theirs): make for theirs, make in model_dict.items()}


def network(folder, name, classes):
    # MobileNetV2 of RepDistiller prints its width.
    with contextlib.redirect_stdout(sys.stderr):
        if name in OF_TORCHVISION:
            return getattr(torchvision.models, name)(num_classes=classes)
        return repdistiller(folder)[name](num_classes=classes)


def values(state):
    return {name: tensor for name, tensor in state.items() if not name.endswith(TRACKED)}


def names(folder):
    lines = []
    for name in sorted([*repdistiller(folder), *OF_TORCHVISION]):
        state = network(folder, name, 1000 if name in OF_TORCHVISION else 100).state_dict()
        shapes = {key: list(tensor.shape) for key, tensor in values(state).items()}
        lines.append(f"{json.dumps(name)}: {json.dumps(shapes, separators=(',', ':'))}")
    print("{\n" + ",\n".join(lines) + "\n}")


def files(folder, out):
    torch.manual_seed(1)
    resnet = network(folder, "resnet8", 10)
    with torch.no_grad():
        for key, tensor in resnet.state_dict().items():
            if key.endswith(TRACKED):
                tensor.fill_(391)
            elif key.endswith("running_var") or (tensor.dim() == 1 and key.endswith("weight")):
                tensor.uniform_(0.5, 1.5)
            elif tensor.dim() == 1:
                tensor.normal_(0, 0.2)
    save_file(resnet.state_dict(), out / "repdistiller_resnet8.safetensors", {"format": "pt", "epoch": "240"})
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        logits = resnet.double().eval()(images.double())
    save_file({"images": images, "logits": logits.float()}, out / "repdistiller_resnet8_logits.safetensors")
    # Both zeros, the smallest and largest numbers of either sign without and with a leading bit, infinities, and any others.
    edges = [0x0000, 0x8000, 0x0001, 0x8001, 0x007F, 0x0080, 0x03FF, 0x0400, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7F7F, 0x7F80, 0xFF80]
    bits = torch.cat((torch.tensor(edges), torch.randint(0, 0x7C00, (49,)))).to(torch.uint16)
    halves = {kind: bits.view(getattr(torch, kind)) for kind in ("float16", "bfloat16")}
    # Not a number is never equal to anything.
    halves = {kind: tensor[~tensor.isnan()] for kind, tensor in halves.items()}
    widened = {f"{kind}.widened": tensor.float() for kind, tensor in halves.items()}
    save_file({**halves, **widened, "bn1." + TRACKED: torch.tensor(391)}, out / "halves.safetensors")


def load(folder, name, file, same):
    state = load_file(file)
    classes = next(tensor for tensor in reversed(network(folder, name, 2).state_dict().keys()) if tensor.endswith("bias"))
    loaded = network(folder, name, state[classes].numel())
    print(f"{name}, {len(state)} tensors: {loaded.load_state_dict(state, strict=True)}")
    if same:
        theirs = values(load_file(same))
        differing = [key for key in theirs.keys() | state.keys() if not equal(theirs.get(key), state.get(key))]
        if differing:
            sys.exit(f"not the values of {same}: {sorted(differing)}")
        print(f"the values are those of {same}")


def equal(a, b):
    return a is not None and b is not None and a.shape == b.shape and torch.equal(a.view(torch.int32), b.view(torch.int32))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--names", metavar="REPDISTILLER")
    what.add_argument("--files", nargs=2, metavar=("REPDISTILLER", "OUT"))
    what.add_argument("--load", nargs="+", metavar=("REPDISTILLER", "NETWORK"))
    arguments = parser.parse_args()
    if arguments.names:
        names(arguments.names)
    elif arguments.files:
        files(arguments.files[0], pathlib.Path(arguments.files[1]))
    elif len(arguments.load) in (3, 4):
        load(*arguments.load[:3], arguments.load[3] if len(arguments.load) == 4 else None)
    else:
        parser.error("--load takes REPDISTILLER NETWORK FILE [SAME]")


if __name__ == "__main__":
    main()
