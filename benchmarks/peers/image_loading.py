"""How the peers load images: Pillow decodes and resizes, PyTorch normalises and pads."""
import numpy
import torch
from PIL import Image


def load_image(images, index, operations):
    """Normalised pixels [3, H, W], boxes [T, 4] cxcywh and labels [T] of an image after the operations."""
    record = images["images"][index]
    image = Image.open(record["path"]).convert("RGB")
    boxes = torch.tensor(record["boxes"]).reshape(-1, 4)
    labels = torch.tensor(record["labels"])
    for operation in operations:
        image, boxes, labels = apply(operation, image, boxes, labels)
    pixels = torch.from_numpy(numpy.array(image)).permute(2, 0, 1).contiguous().float().div(255)
    mean, deviation = (torch.tensor(images[name])[:, None, None] for name in ("mean", "std"))
    pixels.sub_(mean).div_(deviation)
    sides = torch.tensor([*image.size, *image.size])
    boxes = torch.cat(((boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]), 1) / sides
    return pixels, {"boxes": boxes, "labels": labels}


def apply(operation, image, boxes, labels):
    kind = operation["kind"]
    if kind == "flipHorizontally":
        boxes = boxes[:, [2, 1, 0, 3]] * torch.tensor([-1, 1, -1, 1]) + torch.tensor([image.width, 0, image.width, 0])
        return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), boxes, labels
    width, height = operation["width"], operation["height"]
    if kind == "resize":
        scale = torch.tensor([width / image.width, height / image.height] * 2)
        return image.resize((width, height), Image.Resampling.BILINEAR), boxes * scale, labels
    if kind == "crop":
        left, top = operation["left"], operation["top"]
        limits = torch.tensor([width, height] * 2)
        boxes = torch.minimum(boxes - torch.tensor([left, top] * 2), limits).clamp(min=0)
        kept = (boxes[:, 2:] > boxes[:, :2]).all(1)
        return image.crop((left, top, left + width, top + height)), boxes[kept], labels[kept]
    raise ValueError(f"the plan has an operation {kind}, which DETR's recipe does not")


def collate(items):
    """Images padded to the largest of the batch; the mask is true on padding."""
    height = max(pixels.shape[1] for pixels, _ in items)
    width = max(pixels.shape[2] for pixels, _ in items)
    images = torch.zeros(len(items), 3, height, width)
    mask = torch.ones(len(items), height, width, dtype=torch.bool)
    for index, (pixels, _) in enumerate(items):
        images[index, :, : pixels.shape[1], : pixels.shape[2]].copy_(pixels)
        mask[index, : pixels.shape[1], : pixels.shape[2]] = False
    return images, mask, [target for _, target in items]


def worker_memory_mb(loader):
    """What a loader's processes hold for themselves alone; the rest they share with the process that made them."""
    return sum(private_memory_mb(worker.pid) for worker in loader._iterator._workers)


def private_memory_mb(pid):
    """What a worker process holds for itself alone; the rest it shares with the process that made it."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            return sum(int(line.split()[1]) for line in rollup if line.startswith("Private_")) / 1024
    except OSError:
        return 0.0
