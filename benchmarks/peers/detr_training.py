"""One training step of DETR-R50 in PyTorch, with the model's own loss on all decoder layers."""
import torch
from hugging_face_detr import detr_r50
from serving import serve
from workload import noise_images, parameter_counts, targets_of, training_step


def prepare(settings):
    torch.set_num_threads(settings["threads"])
    dropout = settings["model"]["transformer"]["dropout"]
    # DETR drops attention weights and hidden units as well, which transformers leaves off unless told.
    model = detr_r50(auxiliary_loss=True, dropout=dropout, attention_dropout=dropout, activation_dropout=dropout).train()
    images = noise_images(settings)
    mask = torch.ones(images.shape[0], *images.shape[2:], dtype=torch.long)
    targets = targets_of(settings, "class_labels")
    step = training_step(model, lambda: model(pixel_values=images, pixel_mask=mask, labels=targets).loss, settings)
    facts = {**parameter_counts(model), "firstLossPeer": step()}

    def iterate():
        step()

    return facts, iterate


serve(prepare)
