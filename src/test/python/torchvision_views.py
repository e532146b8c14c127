#!/usr/bin/env python3
"""What torchvision and Pillow make of image files, for ImageViewsTest: an implementation that shares no code with ours.

    torchvision_views.py --facts FOLDER > src/test/resources/golden/evaluation_views.json
        of every FOLDER/CLASS/*.JPEG the CRC-32 of the evaluation view's bytes (shorter side 256, middle 224 x 224; R, G, B of each
        pixel in turn) and its mean over each cell of a 4 x 4 grid and channel, red, green, blue. No image can be made of them.
    torchvision_views.py --jitter
        brightness, contrast and saturation of a drawn image, for ColorsTest
    torchvision_views.py --speed FOLDER
        images/s of one thread: decoding alone, the training view, the evaluation view

Needs torchvision and Pillow; their versions are part of the output.
"""
import argparse
import io
import json
import pathlib
import time
import zlib

import numpy
import PIL
import torch
import torchvision
from PIL import Image
from torchvision import transforms
from torchvision.transforms import functional

GRID = 4


def files(folder):
    return sorted(pathlib.Path(folder).glob("*/*.JPEG"), key=lambda file: f"{file.parent.name}/{file.name}")


def opened(data):
    return Image.open(io.BytesIO(data)).convert("RGB")


def facts(folder):
    view = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)])
    images = {}
    for file in files(folder):
        pixels = numpy.asarray(view(opened(file.read_bytes())))
        cells = pixels.reshape(GRID, 224 // GRID, GRID, 224 // GRID, 3).mean(axis=(1, 3))
        images[f"{file.parent.name}/{file.name}"] = {
            "crc32": zlib.crc32(pixels.tobytes()),
            "means": [round(float(mean), 3) for mean in cells.flatten()],
        }
    versions = f"torchvision {torchvision.__version__}, Pillow {PIL.__version__}"
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(fact)}" for name, fact in images.items())
    print(f'{{\n"made by": "{versions}",\n"images": {{\n{lines}\n}}\n}}')


def jitter():
    """Prints R, G, B planes in hexadecimal of an image of 3 x 2."""
    colors = [(10, 200, 90), (255, 0, 128), (0, 0, 0), (255, 255, 255), (77, 76, 75), (3, 254, 31)]
    image = Image.new("RGB", (3, 2))
    image.putdata(colors)
    for name in ("brightness", "contrast", "saturation"):
        for factor in (0, 0.37, 1, 1.6):
            changed = getattr(functional, f"adjust_{name}")(image, factor)
            print(f'"{name}, {factor}, {numpy.asarray(changed).transpose(2, 0, 1).tobytes().hex()}",')


def speed(folder):
    torch.set_num_threads(1)
    images = [file.read_bytes() for file in files(folder)]
    normalized = [transforms.ToTensor(), transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))]
    cropped = [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip()]
    views = {
        "decoding": lambda image: image,
        "training": transforms.Compose(cropped + normalized),
        "training with jitter": transforms.Compose(cropped + [transforms.ColorJitter(0.4, 0.4, 0.4)] + normalized),
        "evaluation": transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)] + normalized),
    }
    for name, view in views.items():
        rates = []
        for _ in range(6):
            start = time.perf_counter()
            for image in images:
                view(opened(image))
            rates.append(len(images) / (time.perf_counter() - start))
        print(f"{name}: {sorted(rates)[len(rates) // 2]:.0f} images/s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--facts", metavar="FOLDER")
    what.add_argument("--jitter", action="store_true")
    what.add_argument("--speed", metavar="FOLDER")
    arguments = parser.parse_args()
    if arguments.facts:
        facts(arguments.facts)
    elif arguments.jitter:
        jitter()
    else:
        speed(arguments.speed)


if __name__ == "__main__":
    main()
