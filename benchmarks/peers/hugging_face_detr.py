"""DETR-R50 and Deformable DETR-R50 of Hugging Face transformers with random weights; nothing is downloaded."""
import math

import torch
from transformers import (
    DeformableDetrConfig,
    DeformableDetrForObjectDetection,
    DetrConfig,
    DetrForObjectDetection,
    ResNetConfig,
)


def detector(config, all_layers=False):
    """The published model for a configuration of detrkit; with all_layers it has losses for each decoder layer."""
    dropout = config["transformer"]["dropout"]
    shared = {
        "use_timm_backbone": False,
        "num_labels": config["numClasses"],
        "dropout": dropout,
        # The originals drop attention weights and hidden units as well, which transformers leaves off unless told.
        "attention_dropout": dropout,
        "activation_dropout": dropout,
        "auxiliary_loss": all_layers,
    }
    model = BUILDERS[config["model"]](shared)
    # Both train all of ResNet but its stem and first stage. transformers looks for stage names of another backbone
    # there and freezes everything, which would spare the peer half of its backward pass.
    for name, parameter in model.model.backbone.named_parameters():
        parameter.requires_grad_(any(f"stages.{stage}." in name for stage in (1, 2, 3)))
    return model


def detr(shared):
    return DetrForObjectDetection(DetrConfig(**shared, backbone_config=ResNetConfig(out_features=["stage4"])))


def deformable_detr(shared):
    backbone = ResNetConfig(out_features=["stage2", "stage3", "stage4"])
    # Its own kernel is for CUDA; everything else takes its composition of grid_sample.
    model = DeformableDetrForObjectDetection(
        DeformableDetrConfig(**shared, backbone_config=backbone, disable_custom_kernels=True)
    )
    # As the original begins, and transformers does not: queries that look at different places, every class at 1 %, all
    # boxes small and where their query looks.
    with torch.no_grad():
        model.model.query_position_embeddings.weight.normal_()
        model.class_embed[0].bias.fill_(-math.log(99))
        last = model.bbox_embed[0].layers[-1]
        last.weight.zero_()
        last.bias.copy_(torch.tensor([0.0, 0.0, -2.0, -2.0]))
    return model


BUILDERS = {"detr": detr, "deformable-detr": deformable_detr}
