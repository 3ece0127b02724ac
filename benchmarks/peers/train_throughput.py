"""An epoch of training Deformable DETR from JPEGs as one does it in PyTorch.

Hugging Face's model, a torch DataLoader over Pillow, the set loss of all layers, AdamW, and a checkpoint at the end.
"""
import os
import random
import tempfile

import torch
from hugging_face_detr import small_deformable_detr
from hugging_face_training_loss import use_original_loss
from image_loading import collate, load_image, worker_memory_mb
from serving import serve
from torch.utils.data import DataLoader, Dataset
from workload import parameter_counts, training_step


class Flipped(Dataset):
    """Every image at the one size, half of them mirrored."""

    def __init__(self, images, width, height):
        self.images = images
        self.resize = {"kind": "resize", "width": width, "height": height}

    def __len__(self):
        return len(self.images["images"])

    def __getitem__(self, index):
        flips = [{"kind": "flipHorizontally"}] if random.random() < 0.5 else []
        return load_image(self.images, index, [*flips, self.resize])


def prepare(settings):
    torch.set_num_threads(settings["threads"])
    torch.manual_seed(1)
    model = small_deformable_detr(settings["model"]).train()
    use_original_loss(model)
    images = Flipped(settings["images"], settings["width"], settings["height"])
    workers = settings["peerWorkers"]
    loader = DataLoader(
        images,
        batch_size=settings["batchSize"],
        shuffle=True,
        num_workers=workers,
        collate_fn=collate,
        persistent_workers=workers > 0,
    )

    def loss_of(pixels, padded, targets):
        return model(pixel_values=pixels, pixel_mask=(~padded).long(), labels=targets).loss

    step = training_step(model, loss_of, settings)
    file = os.path.join(tempfile.mkdtemp(), "checkpoint.pth")

    def iterate():
        for batch in loader:
            step(*batch)
        torch.save({"model": model.state_dict(), "optimizer": step.optimizer.state_dict()}, file)

    facts = {**parameter_counts(model), "steps": len(loader)}
    return facts, iterate, lambda: worker_memory_mb(loader) if workers > 0 else 0.0


serve(prepare)
