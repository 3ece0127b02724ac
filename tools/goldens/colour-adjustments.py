"""Records what torchvision's colour adjustments make of bytes, alone and one after the other, with the factors that its
ColorJitter could draw. Run with

    pip install torch==2.15.0 torchvision==0.29.2
    python tools/goldens/colour-adjustments.py packages/image/src/__fixtures__/colour-adjustments.json

The image has noise, greys (which have no hue), and pure colours.
"""
import json
import sys

import torch
import torchvision
import torchvision.transforms.v2.functional as functional

WIDTH, HEIGHT, SEED = 13, 11, 7
ALONE = {
    "brightness": [0.0, 0.6, 1.0, 1.37, 3.0],
    "contrast": [0.0, 0.55, 1.0, 1.43, 2.5],
    "saturation": [0.0, 0.5, 1.0, 1.61, 3.0],
    "hue": [-0.5, -0.21, -0.013, 0.0, 0.1, 0.34, 0.5],
}
TOGETHER = [
    [("contrast", 1.3), ("hue", 0.08), ("brightness", 0.8), ("saturation", 1.4)],
    [("saturation", 0.7), ("brightness", 1.2), ("hue", -0.15), ("contrast", 0.6)],
]

pixels = torch.randint(0, 256, (HEIGHT, WIDTH, 3), generator=torch.Generator().manual_seed(SEED), dtype=torch.uint8)
pixels[0] = torch.linspace(0, 255, WIDTH).to(torch.uint8)[:, None]
pure = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255), (1, 0, 0), (254, 255, 255)]
for column, colour in enumerate(pure):
    pixels[1, column] = torch.tensor(colour, dtype=torch.uint8)


def adjusted(adjustments):
    image = pixels.permute(2, 0, 1)
    for kind, factor in adjustments:
        image = getattr(functional, f"adjust_{kind}")(image, factor)
    return {
        "adjustments": [{"kind": kind, "factor": factor} for kind, factor in adjustments],
        "data": image.permute(1, 2, 0).flatten().tolist(),
    }


alone = [[(kind, factor)] for kind, factors in ALONE.items() for factor in factors]
recording = {
    "torchvision": torchvision.__version__,
    "seed": SEED,
    "image": {"width": WIDTH, "height": HEIGHT, "data": pixels.flatten().tolist()},
    "cases": [adjusted(adjustments) for adjustments in alone + TOGETHER],
}
with open(sys.argv[1], "w") as file:
    json.dump(recording, file)
    file.write("\n")
