"""Makes small image files of the kinds that data sets surprise with, and records what `Image.open(file).convert("RGB")`
makes of them: both original codebases read images that way. Run with Pillow 12.3.0 (13.0.0 gives the same pixels) and
numpy:

    python tools/goldens/decoded-images.py packages/image/src/__fixtures__/decoded-images.json
"""
import base64
import io
import json
import struct
import sys

import numpy
import PIL
from PIL import Image, ImageCms

WIDTH, HEIGHT = 13, 11
GENTLE = numpy.mgrid[0:HEIGHT, 0:WIDTH]


def wave(channels, shift=0):
    """A smooth picture that fills the range of levels, another in each channel."""
    y, x = GENTLE
    planes = [128 + 127 * numpy.sin(x / (3 + i) + y / (5 - i) + i + shift) for i in range(channels)]
    return numpy.stack(planes, -1).clip(0, 255).astype(numpy.uint8)


def save(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def marker(jpeg, code):
    """Where a marker of a JPEG's header starts and ends."""
    start = jpeg.index(bytes([0xFF, code]))
    return start, start + 2 + int.from_bytes(jpeg[start + 2 : start + 4], "big")


def without_adobe(jpeg):
    start, end = marker(jpeg, 0xEE)
    return jpeg[:start] + jpeg[end:]


def as_ycck(jpeg):
    """The same numbers, said to be luma, chroma and black."""
    _, end = marker(jpeg, 0xEE)
    return jpeg[: end - 1] + b"\2" + jpeg[end:]


def in_larger_gif(gif, left, top):
    """The frame of a GIF on a larger screen."""
    changed = bytearray(gif)
    changed[6:10] = struct.pack("<HH", WIDTH + 5, HEIGHT + 3)
    at = 13 + 3 * (2 << (changed[10] & 7))
    while changed[at] == 0x21:
        at += 2
        while changed[at]:
            at += changed[at] + 1
        at += 1
    changed[at + 1 : at + 5] = struct.pack("<HH", left, top)
    return bytes(changed)


def deep_cmyk_tiff(inks):
    """An uncompressed TIFF of 16 bits a channel, which Pillow reads and does not write."""
    height, width, channels = inks.shape
    pixels = (inks.astype("<u2") * 257 - (inks > 0)).astype("<u2").tobytes()
    # Width, height, bits, compression (none), colours (separated), start of the pixels, channels, rows of the strip,
    # its bytes, planes.
    values = {256: width, 257: height, 258: 8, 259: 1, 262: 5, 273: 16, 277: channels, 278: height}
    values |= {279: len(pixels), 284: 1}
    types = {258: (3, channels), 273: (4, 1), 279: (4, 1)}
    entries = b"".join(struct.pack("<HHII", tag, *types.get(tag, (3, 1)), value) for tag, value in values.items())
    header = struct.pack("<2sHI4H", b"II", 42, 16 + len(pixels), 16, 16, 16, 16)
    return header + pixels + struct.pack("<H", len(values)) + entries + bytes(4)


rgb, rgba = Image.fromarray(wave(3)), Image.fromarray(wave(4), "RGBA")
cmyk, grey = Image.fromarray(wave(4), "CMYK"), Image.fromarray(wave(1)[..., 0])
palette = rgb.quantize(7)
profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
lab_profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
turned = Image.Exif()
turned[0x112] = 6
later = {"save_all": True, "append_images": [Image.fromarray(wave(3, 2))]}
adobe = save(cmyk, "JPEG", quality=95)

files = {
    "CMYK JPEG": adobe,
    "CMYK JPEG without Adobe's marker": without_adobe(adobe),
    "CMYK JPEG with a profile": save(cmyk, "JPEG", quality=95, icc_profile=lab_profile),
    "YCCK JPEG": as_ycck(adobe),
    "CMYK TIFF": save(cmyk, "TIFF", compression="tiff_lzw"),
    "CMYK TIFF of 16 bits a channel": deep_cmyk_tiff(wave(4)),
    "JPEG": save(rgb, "JPEG", quality=90),
    "JPEG with reduced chroma, progressive": save(rgb, "JPEG", quality=75, subsampling=2, progressive=True),
    "JPEG with a profile": save(rgb, "JPEG", quality=90, icc_profile=profile),
    "JPEG that is to be shown turned": save(rgb, "JPEG", quality=90, exif=turned),
    "grey JPEG": save(grey, "JPEG", quality=90),
    "PNG with a profile": save(rgb, "PNG", icc_profile=profile),
    "PNG with alpha": save(rgba, "PNG"),
    "PNG of grey with alpha": save(Image.fromarray(wave(2), "LA"), "PNG"),
    "PNG with a palette and a transparent index": save(palette, "PNG", transparency=5),
    "PNG with a palette and an alpha of each index": save(palette, "PNG", transparency=bytes(range(0, 210, 30))),
    "PNG with a transparent colour": save(rgb, "PNG", transparency=tuple(int(level) for level in wave(3)[2, 3])),
    "bilevel PNG": save(Image.fromarray(wave(1)[..., 0] > 128), "PNG"),
    "TIFF with alpha": save(rgba, "TIFF"),
    "WebP with alpha": save(rgba, "WEBP", lossless=True, exact=True),
    "WebP of several frames": save(rgb, "WEBP", lossless=True, **later),
    "GIF": save(palette, "GIF"),
    "GIF of several frames": save(rgb, "GIF", **later),
    "GIF with a transparent index": save(palette, "GIF", transparency=5),
    "GIF whose frame is smaller than it": in_larger_gif(save(palette, "GIF"), 3, 2),
    "GIF whose frame is smaller than it, with a transparent index": in_larger_gif(
        save(palette, "GIF", transparency=5), 3, 2
    ),
}


def record(name, file):
    picture = Image.open(io.BytesIO(file))
    pixels = picture.convert("RGB")
    encoded = {"file": file, "pixels": pixels.tobytes()}
    facts = {"name": name, "mode": picture.mode, "width": pixels.width, "height": pixels.height}
    return facts | {key: base64.b64encode(value).decode() for key, value in encoded.items()}


golden = {
    "tool": f"Pillow {PIL.__version__}, tools/goldens/decoded-images.py",
    "cases": [record(name, file) for name, file in files.items()],
}
with open(sys.argv[1], "w") as target:
    json.dump(golden, target, separators=(",", ":"))
    target.write("\n")
