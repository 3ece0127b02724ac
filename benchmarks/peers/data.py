"""A torch DataLoader over Pillow that does to each image what the plan says: DETR's training recipe, already drawn."""
import json
import time

from image_loading import collate, load_image, worker_memory_mb
from serving import serve
from torch.utils.data import DataLoader, Dataset


class Images(Dataset):
    """Item (epoch, batch, position) of the plan: normalised pixels [3, H, W], boxes [T, 4] cxcywh, labels [T]."""

    def __init__(self, plan):
        self.plan = plan

    def __getitem__(self, place):
        epoch, batch, position = place
        entry = self.plan["epochs"][epoch][batch][position]
        return load_image(self.plan, entry["image"], entry["operations"])


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

    facts = {"values": values, "boxes": boxes, "meanValuePeer": f"{total / values:.4f}"}
    return facts, iterate, lambda: worker_memory_mb(loader)


serve(prepare)
