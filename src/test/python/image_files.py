#!/usr/bin/env python3
"""Image files of all kinds, and what Pillow makes of them, for ImageFormatsTest: an implementation that shares no code with ours.

    image_files.py > src/test/resources/golden/image_files.json
        of each kind a file of 17 x 9 pixels (base64) and the CRC-32 of the pixels that torchvision's loader gives, R, G, B of each
        in turn; and files that we refuse or see otherwise, which have none

Pillow writes what it can; the others are put together here, after the formats' specifications, and Pillow reads them. Needs Pillow; its
version is part of the output.
"""
import base64
import io
import json
import struct
import sys
import zlib

import PIL
from PIL import Image

WIDTH, HEIGHT = 17, 9


def value(x, y, channel):
    """Smooth enough for lossy formats, and no two neighbors alike."""
    return (x * (11 - 3 * channel) + y * (7 + 5 * channel) + x * y * (channel + 1) // 4) % 256


def drawn(channels):
    samples = bytes(value(x, y, c) for y in range(HEIGHT) for x in range(WIDTH) for c in range(channels))
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    return Image.frombytes(mode, (WIDTH, HEIGHT), samples)


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def packed_rows(image, bits, multiple=1):
    """Samples of 1, 2 or 4 bits, the first in the highest; rows are filled up to a multiple of bytes."""
    rows = []
    for y in range(HEIGHT):
        row = bytearray((WIDTH * bits + 7) // 8)
        for x in range(WIDTH):
            row[x * bits // 8] |= (image.getpixel((x, y)) >> (8 - bits)) << (8 - bits - x * bits % 8)
        rows.append(bytes(row) + bytes(-len(row) % multiple))
    return rows


# BMP


def bmp(bits, rows, compression=0, palette=b"", masks=b"", height=HEIGHT, core=False):
    data = rows if isinstance(rows, bytes) else b"".join(row + bytes(-len(row) % 4) for row in rows)
    if core:
        info = struct.pack("<IHHHH", 12, WIDTH, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", 40, WIDTH, height, 1, bits, compression, len(data), 0, 0, len(palette) // 4, 0)
    start = 14 + len(info) + len(masks) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + info + masks + palette + data


def from_below(image, pack):
    return [b"".join(pack(*image.getpixel((x, y))) for x in range(WIDTH)) for y in reversed(range(HEIGHT))]


def runs(image, four):
    """RLE8 or RLE4: runs of two, then single values, a run that ends the row, and a shift in the first row."""
    out = bytearray()
    for y in reversed(range(HEIGHT)):
        row = [image.getpixel((x, y)) for x in range(WIDTH)]
        if four:
            row = [v >> 4 for v in row]
        x = 0
        if y == HEIGHT - 1:
            out += bytes([0, 2, 3, 0])
            x = 3
        while x < WIDTH:
            # Pillow 12.3 cuts odd numbers of half bytes.
            count = 4 if four else 5
            some = row[x : x + count]
            if len(some) == count and x % 2 == 0:
                out += bytes([0, count])
                out += bytes([some[0] << 4 | some[1], some[2] << 4 | some[3]]) if four else bytes(some) + b"\0"
                x += count
            else:
                out += bytes([1, row[x] << 4 if four else row[x]])
                x += 1
        out += b"\0\0"
    return bytes(out) + b"\0\1"


def bmps(color, gray):
    palette = b"".join(bytes([255 - i, i * 7 % 256, i * 3 % 256, 0]) for i in range(256))
    few = b"".join(bytes([i * 16, 255 - i * 9, i * 5, 0]) for i in range(16))
    bgr = lambda r, g, b: bytes([b, g, r])
    bgrx = lambda r, g, b: bytes([b, g, r, 77])
    bits_555 = lambda r, g, b: struct.pack("<H", r >> 3 << 10 | g >> 3 << 5 | b >> 3)
    bits_565 = lambda r, g, b: struct.pack("<H", r >> 3 << 11 | g >> 2 << 5 | b >> 3)
    eight = [bytes(gray.getpixel((x, y)) for x in range(WIDTH)) for y in reversed(range(HEIGHT))]
    return {
        "24.bmp": saved(color, "BMP"),
        "24-top-down.bmp": bmp(24, from_below(color, bgr)[::-1], height=-HEIGHT),
        "24-os2.bmp": bmp(24, from_below(color, bgr), core=True),
        "32.bmp": bmp(32, from_below(color, bgrx)),
        "32-masks.bmp": bmp(32, from_below(color, bgrx), 3, masks=struct.pack("<III", 0xFF0000, 0xFF00, 0xFF)),
        "32-alpha.bmp": saved(drawn(4), "BMP"),
        "16.bmp": bmp(16, from_below(color, bits_555)),
        "16-masks.bmp": bmp(16, from_below(color, bits_565), 3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F)),
        "8-palette.bmp": bmp(8, eight, palette=palette),
        "8-gray.bmp": saved(gray, "BMP"),
        "8-runs.bmp": bmp(8, runs(gray, False), 1, palette=palette),
        "4-palette.bmp": bmp(4, packed_rows(gray, 4)[::-1], palette=few),
        "4-runs.bmp": bmp(4, runs(gray, True), 2, palette=few),
        "1.bmp": saved(gray.convert("1"), "BMP"),
        "1-palette.bmp": bmp(1, packed_rows(gray, 1)[::-1], palette=few[12:20]),
    }


# PBM, PGM, PPM


def pnm(form, highest, samples):
    header = b"P%d # drawn\n%d\t%d\n" % (form, WIDTH, HEIGHT)
    return header + (b"" if highest is None else b"%d\n" % highest) + samples


def pnms(color, gray):
    rgb, l = color.tobytes(), gray.tobytes()
    texts = lambda samples: b"".join(b"%d%s" % (v, b"\n" if i % 15 == 14 else b"  ") for i, v in enumerate(samples))
    bits = [b"\n".join(b" ".join(b"%d" % (v >> 7) for v in l[y * WIDTH : (y + 1) * WIDTH]) for y in range(HEIGHT))]
    return {
        "p1.ppm": pnm(1, None, bits[0] + b"\n"),
        "p1-close.ppm": pnm(1, None, bits[0].replace(b" ", b"")),
        "p2.pgm": pnm(2, 255, b"# comment\n" + texts(l)),
        "p2-100.pgm": pnm(2, 100, texts(v * 100 // 255 for v in l)),
        "p3.ppm": pnm(3, 255, texts(rgb)),
        "p3-1000.ppm": pnm(3, 1000, texts(v * 1000 // 255 for v in rgb)),
        "p4.ppm": pnm(4, None, b"".join(packed_rows(gray, 1))),
        "p5.pgm": saved(gray, "PPM"),
        "p5-100.pgm": pnm(5, 100, bytes(v * 100 // 255 for v in l)),
        "p6.ppm": saved(color, "PPM"),
        "p6-31.ppm": pnm(6, 31, bytes(v >> 3 for v in rgb)),
        "p6-16-bits.ppm": pnm(6, 65535, b"".join(struct.pack(">H", v * 257 - (v > 9) * 60) for v in rgb)),
    }


# TIFF


def tiff(fields, parts, order="<", tiles=False):
    """Pixels, then the directory; offsets and lengths are added."""
    out = bytearray(b"II*\0" if order == "<" else b"MM\0*") + bytes(4)
    offsets = []
    for part in parts:
        offsets.append(len(out))
        out += part + bytes(len(part) % 2)
    fields = dict(fields)
    fields[324 if tiles else 273] = ("I", offsets)
    fields[325 if tiles else 279] = ("I", [len(part) for part in parts])
    entries, values = b"", b""
    start = len(out) + 2 + 12 * len(fields) + 4
    for tag, (kind, numbers) in sorted(fields.items()):
        packed = struct.pack(f"{order}{len(numbers)}{kind}", *numbers)
        if len(packed) <= 4:
            place = packed + bytes(4 - len(packed))
        else:
            place = struct.pack(order + "I", start + len(values))
            values += packed
        entries += struct.pack(order + "HHI", tag, {"B": 1, "H": 3, "I": 4}[kind], len(numbers)) + place
    struct.pack_into(order + "I", out, 4, len(out))
    return bytes(out) + struct.pack(order + "H", len(fields)) + entries + bytes(4) + values


def fields(photometric, bits, compression=1, rows=HEIGHT, **more):
    common = {
        256: ("H", [WIDTH]),
        257: ("H", [HEIGHT]),
        258: ("H", bits),
        259: ("H", [compression]),
        262: ("H", [photometric]),
        277: ("H", [len(bits)]),
        278: ("H", [rows]),
    }
    return {**common, **{int(tag[1:]): kind for tag, kind in more.items()}}


def tile_parts(image, side, bands):
    parts = []
    for top in range(0, HEIGHT, side):
        for left in range(0, WIDTH, side):
            part = image.crop((left, top, left + side, top + side))
            parts.append(part.tobytes() if bands is None else part.getchannel(bands).tobytes())
    return parts


def strips(data, row_bytes, rows):
    return [data[i : i + rows * row_bytes] for i in range(0, len(data), rows * row_bytes)]


def differences(data, bands):
    """Predictor 2."""
    out = bytearray(data)
    row_bytes = WIDTH * bands
    for start in range(0, len(data), row_bytes):
        for i in range(start + row_bytes - 1, start + bands - 1, -1):
            out[i] = (out[i] - out[i - bands]) % 256
    return bytes(out)


def ycbcr_blocks(image):
    """Each of 2 x 2 values of light and a pair of chroma."""
    image = image.convert("YCbCr")
    out = bytearray()
    for top in range(0, HEIGHT, 2):
        for left in range(0, WIDTH, 2):
            corners = [(min(left + x, WIDTH - 1), min(top + y, HEIGHT - 1)) for y in (0, 1) for x in (0, 1)]
            out += bytes(image.getpixel(corner)[0] for corner in corners) + bytes(image.getpixel(corners[0])[1:])
    return bytes(out)


def tiffs(color, gray):
    rgb, l, rgba = color.tobytes(), gray.tobytes(), drawn(4).tobytes()
    eight, sixteen = [8, 8, 8], [16, 16, 16]
    wide = lambda order: b"".join(struct.pack(order + "H", v * 251 + 17) for v in rgb)
    wide_rgba = b"".join(struct.pack("<H", v * 251 + 17) for v in rgba)
    palette = {"_320": ("H", [(i * (c + 3) % 256) * 257 for c in range(3) for i in range(256)])}
    few = {"_320": ("H", [(i * (c + 3) * 16 % 256) * 257 for c in range(3) for i in range(16)])}
    row_of_4 = b"".join(packed_rows(gray, 4))
    weighted = b"".join(bytes([r * a // 255, g * a // 255, b * a // 255, a]) for r, g, b, a in zip(*[iter(rgba)] * 4))
    turned = {
        f"orientation-{i}.tiff": tiff(fields(2, eight, _274=("H", [i])), [rgb]) for i in range(1, 9)
    }
    return {
        "rgb.tiff": saved(color, "TIFF"),
        "rgb-big-endian.tif": tiff(fields(2, eight, rows=5), strips(rgb, 3 * WIDTH, 5), ">"),
        "rgb-tiles.tiff": tiff(
            fields(2, eight, _322=("H", [16]), _323=("H", [16])), tile_parts(color, 16, None), tiles=True
        ),
        "rgb-planes.tiff": tiff(fields(2, eight, _284=("H", [2])), [rgb[c::3] for c in range(3)]),
        "rgb-tiles-planes-deflate.tiff": tiff(
            fields(2, eight, 8, _284=("H", [2]), _322=("H", [16]), _323=("H", [16])),
            [zlib.compress(part) for c in range(3) for part in tile_parts(color, 16, c)],
            tiles=True,
        ),
        "rgb-lzw.tiff": saved(color, "TIFF", compression="tiff_lzw"),
        "rgb-lzw-differences.tiff": saved(color, "TIFF", compression="tiff_lzw", tiffinfo={317: 2}),
        "rgb-deflate.tiff": saved(color, "TIFF", compression="tiff_adobe_deflate"),
        "rgb-deflate-differences.tiff": tiff(
            fields(2, eight, 8, 4, _317=("H", [2])),
            [zlib.compress(part) for part in strips(differences(rgb, 3), 3 * WIDTH, 4)],
        ),
        "rgb-old-deflate.tiff": tiff(fields(2, eight, 32946), [zlib.compress(rgb)]),
        "rgb-packbits.tiff": saved(color, "TIFF", compression="packbits"),
        "rgb-jpeg.tiff": saved(color, "TIFF", compression="jpeg", quality=90),
        "rgb-jpeg-strips.tiff": saved(color, "TIFF", compression="jpeg", quality=90, strip_size=8 * 3 * WIDTH),
        "ycbcr-jpeg.tiff": saved(color.convert("YCbCr"), "TIFF", compression="jpeg", quality=90),
        "gray-jpeg.tiff": saved(gray, "TIFF", compression="jpeg", quality=90),
        "ycbcr.tiff": tiff(fields(6, eight, 8, _530=("H", [2, 2])), [zlib.compress(ycbcr_blocks(color))]),
        "rgb-16.tiff": tiff(fields(2, sixteen), [wide("<")]),
        "rgb-16-big-endian-deflate.tiff": tiff(fields(2, sixteen, 8), [zlib.compress(wide(">"))], ">"),
        "rgba.tiff": saved(drawn(4), "TIFF"),
        "rgba-16.tiff": tiff(fields(2, [16] * 4, _338=("H", [2])), [wide_rgba]),
        "rgba-weighted.tiff": tiff(fields(2, [8] * 4, _338=("H", [1])), [weighted]),
        "rgbx.tiff": tiff(fields(2, [8] * 4, _338=("H", [0])), [rgba]),
        "cmyk.tiff": saved(Image.frombytes("CMYK", (WIDTH, HEIGHT), rgba), "TIFF"),
        "cmyk-lzw.tiff": saved(Image.frombytes("CMYK", (WIDTH, HEIGHT), rgba), "TIFF", compression="tiff_lzw"),
        "cmyk-16.tiff": tiff(fields(5, [16] * 4), [wide_rgba]),
        "gray.tif": saved(gray, "TIFF"),
        "gray-white-is-zero.tiff": tiff(fields(0, [8]), [l]),
        "gray-alpha.tiff": saved(Image.merge("LA", (gray, gray.rotate(180))), "TIFF"),
        "gray-4.tiff": tiff(fields(1, [4]), [row_of_4]),
        "gray-2-white-is-zero.tiff": tiff(fields(0, [2]), [b"".join(packed_rows(gray, 2))]),
        "palette.tiff": tiff(fields(3, [8], **palette), [l]),
        "palette-4-deflate.tiff": tiff(fields(3, [4], 8, **few), [zlib.compress(row_of_4)]),
        "bits.tiff": saved(gray.convert("1"), "TIFF"),
        "bits-white-is-zero.tiff": tiff(fields(0, [1]), [b"".join(packed_rows(gray, 1))]),
        "bits-from-the-lowest.tiff": tiff(fields(1, [1], _266=("H", [2])), [b"".join(packed_rows(gray, 1))]),
        "bits-group3.tiff": saved(gray.convert("1"), "TIFF", compression="group3"),
        "bits-group4.tiff": saved(gray.convert("1"), "TIFF", compression="group4"),
        "bits-huffman.tiff": saved(gray.convert("1"), "TIFF", compression="tiff_ccitt"),
        "two-images.tiff": saved(color, "TIFF", save_all=True, append_images=[gray]),
        **turned,
    }


def webps(color):
    other = color.rotate(180)
    return {
        "lossy.webp": saved(color, "WEBP", quality=80),
        "lossy-alpha.webp": saved(drawn(4), "WEBP", quality=80),
        "lossless.webp": saved(color, "WEBP", lossless=True),
        "lossless-alpha.webp": saved(drawn(4), "WEBP", lossless=True, exact=True),
        "lossless-profile.webp": saved(color, "WEBP", lossless=True, icc_profile=bytes(range(128))),
        "animation-lossy.webp": saved(color, "WEBP", save_all=True, append_images=[other], quality=80),
        "animation-lossless-alpha.webp": saved(
            drawn(4), "WEBP", save_all=True, append_images=[other.convert("RGBA")], lossless=True, exact=True
        ),
    }


def refused(color, gray):
    """What we refuse by name, whatever Pillow makes of it."""
    floats = struct.pack(f"<{WIDTH * HEIGHT}f", *[v / 255 for v in gray.tobytes()])
    return {
        "float.tiff": tiff(fields(1, [32], _339=("H", [3])), [floats]),
        "signed.tiff": tiff(fields(1, [8], _339=("H", [2])), [gray.tobytes()]),
        "lab.tiff": tiff(fields(8, [8, 8, 8]), [color.tobytes()]),
        "cmyk-jpeg.tiff": saved(Image.frombytes("CMYK", (WIDTH, HEIGHT), drawn(4).tobytes()), "TIFF", compression="jpeg"),
        "lzma.tiff": tiff(fields(2, [8, 8, 8], 34925), [b"\xfd7zXZ\0"]),
        "jpeg-inside.bmp": bmp(0, b"\xff\xd8\xff", 4),
    }


def cut(gray):
    """Gray of 16 bits: the same pixels as gray.tif has, of which Pillow makes white ones."""
    wide = lambda order: b"".join(struct.pack(order + "H", v * 257) for v in gray.tobytes())
    return {
        "gray-16.tiff": tiff(fields(1, [16]), [wide("<")]),
        "gray-16-big-endian.tiff": tiff(fields(1, [16], rows=3), strips(wide(">"), 2 * WIDTH, 3), ">"),
        "p5-16-bits.pgm": pnm(5, 65535, wide(">")),
        "p2-16-bits.pgm": pnm(2, 65535, b" ".join(b"%d" % (v * 257) for v in gray.tobytes())),
    }


def main():
    color, gray = drawn(3), drawn(1)
    images = {}
    for name, file in {**bmps(color, gray), **pnms(color, gray), **tiffs(color, gray), **webps(color)}.items():
        with Image.open(io.BytesIO(file)) as image:
            read = image.convert("RGB")
        images[name] = {
            "width": read.width,
            "height": read.height,
            "crc32": zlib.crc32(read.tobytes()),
            "file": base64.b64encode(file).decode(),
        }
    for name, file in {**cut(gray), **refused(color, gray)}.items():
        images[name] = {"file": base64.b64encode(file).decode()}
    if len(sys.argv) > 1:
        # For a look at differences.
        for name, image in images.items():
            with open(f"{sys.argv[1]}/{name}", "wb") as out:
                out.write(base64.b64decode(image["file"]))
        return
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(image)}" for name, image in images.items())
    print(f'{{\n"made by": "Pillow {PIL.__version__}",\n"images": {{\n{lines}\n}}\n}}')


main()
