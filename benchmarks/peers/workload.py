"""What the PyTorch peers have in common: noise images, targets, parameter counts."""
import torch


def noise_images(settings):
    torch.manual_seed(1)
    return torch.rand(settings["batch"], 3, settings["height"], settings["width"]) * 4 - 2


def targets_of(settings, labels_key):
    return [
        {labels_key: torch.tensor(target["labels"], dtype=torch.int64), "boxes": torch.tensor(target["boxes"], dtype=torch.float32)}
        for target in settings["targets"]
    ]


def parameter_counts(model):
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    return {"parameters": sum(size for size, _ in sizes), "trainable": sum(size for size, trained in sizes if trained)}


def training_step(model, loss_of, settings):
    """AdamW as DETR is trained with: the backbone at its own rate, clipped by the joint norm."""
    named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        [
            {"params": [parameter for name, parameter in named if "backbone" in name], "lr": settings["backboneLearningRate"]},
            {"params": [parameter for name, parameter in named if "backbone" not in name], "lr": settings["learningRate"]},
        ],
        weight_decay=1e-4,
    )

    def step():
        loss = loss_of()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([parameter for _, parameter in named], 0.1)
        optimizer.step()
        return loss.item()

    return step
