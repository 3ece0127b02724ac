"""What the PyTorch peers have in common: noise images, targets, parameter counts."""
import torch


def noise_images(settings):
    torch.manual_seed(1)
    return torch.rand(settings["batch"], 3, settings["height"], settings["width"]) * 4 - 2


def targets_of(settings, labels_key):
    return [
        {
            labels_key: torch.tensor(target["labels"], dtype=torch.int64),
            "boxes": torch.tensor(target["boxes"], dtype=torch.float32),
        }
        for target in settings["targets"]
    ]


def parameter_counts(model):
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    return {"parameters": sum(size for size, _ in sizes), "trainable": sum(size for size, trained in sizes if trained)}


def training_step(model, loss_of, settings):
    """AdamW as in DETR: the backbone and Deformable DETR's locations have their own learning rates.

    Gradients are clipped by their joint norm.
    """
    groups = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault(learning_rate(name, settings), []).append(parameter)
    with_rates = [{"params": members, "lr": rate} for rate, members in groups.items()]
    optimizer = torch.optim.AdamW(with_rates, weight_decay=1e-4)
    trained = [parameter for members in groups.values() for parameter in members]

    def step(*batch):
        loss = loss_of(*batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 0.1)
        optimizer.step()
        return loss.item()

    step.optimizer = optimizer
    return step


def learning_rate(name, settings):
    if "backbone" in name:
        return settings["backboneLearningRate"]
    locates = "sampling_offsets" in name or "reference_points" in name
    return settings["locationLearningRate"] if locates else settings["learningRate"]
