"""A torch DataLoader over Pillow that does to each image what the plan says: DETR's training recipe, already drawn."""
import json
import time

import numpy
import torch
from PIL import Image
from serving import serve
from torch.utils.data import DataLoader, Dataset


class Images(Dataset):
    """Item (epoch, batch, position) of the plan: normalised pixels [3, H, W], boxes [T, 4] cxcywh, labels [T]."""

    def __init__(self, plan):
        self.plan = plan
        self.mean = torch.tensor(plan["mean"])[:, None, None]
        self.deviation = torch.tensor(plan["std"])[:, None, None]

    def __getitem__(self, place):
        epoch, batch, position = place
        entry = self.plan["epochs"][epoch][batch][position]
        record = self.plan["images"][entry["image"]]
        image = Image.open(record["path"]).convert("RGB")
        boxes = torch.tensor(record["boxes"]).reshape(-1, 4)
        labels = torch.tensor(record["labels"])
        for operation in entry["operations"]:
            image, boxes, labels = apply(operation, image, boxes, labels)
        pixels = torch.from_numpy(numpy.array(image)).permute(2, 0, 1).contiguous().float().div(255)
        pixels.sub_(self.mean).div_(self.deviation)
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


class Batches:
    """The places of one epoch's batches; which epoch is set before each."""

    def __init__(self, plan):
        self.plan, self.epoch = plan, 0

    def __iter__(self):
        for batch, entries in enumerate(self.plan["epochs"][self.epoch]):
            yield [(self.epoch, batch, position) for position in range(len(entries))]

    def __len__(self):
        return len(self.plan["epochs"][self.epoch])


def prepare(settings):
    with open(settings["plan"]) as file:
        plan = json.load(file)
    order = Batches(plan)
    loader = DataLoader(
        Images(plan), batch_sampler=order, num_workers=settings["workers"], collate_fn=collate, persistent_workers=True
    )
    values = boxes = total = 0
    for images, _, targets in loader:
        values += images.numel()
        boxes += sum(len(target["labels"]) for target in targets)
        total += images.double().sum().item()
    done = 0

    def iterate():
        nonlocal done
        order.epoch = done % settings["epochs"]
        started = time.perf_counter()
        for _ in loader:
            pass
        done += 1
        return (time.perf_counter() - started) * 1000

    workers = lambda: sum(private_memory_mb(worker.pid) for worker in loader._iterator._workers)
    return {"values": values, "boxes": boxes, "meanValuePeer": f"{total / values:.4f}"}, iterate, workers


def private_memory_mb(pid):
    """What a worker process holds for itself alone; the rest it shares with the process that made it."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            return sum(int(line.split()[1]) for line in rollup if line.startswith("Private_")) / 1024
    except OSError:
        return 0.0


serve(prepare)
