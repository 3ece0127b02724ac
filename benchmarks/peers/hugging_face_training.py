"""One training step of a detector of Hugging Face transformers in PyTorch, with the loss on all decoder layers."""
import torch
from hugging_face_detr import detector
from hugging_face_training_loss import use_original_loss
from mask_head import adapt_maps_once, ellipses
from serving import serve
from workload import noise_images, parameter_counts, targets_of, training_step


def prepare(settings):
    torch.set_num_threads(settings["threads"])
    model = detector(settings["model"], all_layers=True).train()
    images = noise_images(settings)
    mask = torch.ones(images.shape[0], *images.shape[2:], dtype=torch.long)
    deformable = settings["model"]["model"] == "deformable-detr"
    targets = targets_of(settings, "labels" if deformable else "class_labels")
    if settings.get("masks"):
        for target, given in zip(targets, settings["targets"]):
            target["masks"] = ellipses(given, settings)
    if deformable:
        use_original_loss(model)
    if settings.get("adaptersOnce"):
        adapt_maps_once(model.mask_head)
    step = training_step(model, lambda: model(pixel_values=images, pixel_mask=mask, labels=targets).loss, settings)
    facts = {**parameter_counts(model), **mask_facts(targets), "firstLossPeer": step()}

    def iterate():
        step()

    return facts, iterate


def mask_facts(targets):
    masks = [target["masks"] for target in targets if "masks" in target]
    return {"maskPixels": sum(mask.sum().item() for mask in masks)} if masks else {}


serve(prepare)
