"""DETR-R50 and Deformable DETR-R50 of Hugging Face transformers with random weights; nothing is downloaded."""
import copy
import math

import torch
from torch import nn
from transformers import (
    DeformableDetrConfig,
    DeformableDetrForObjectDetection,
    DetrConfig,
    DetrForObjectDetection,
    DetrForSegmentation,
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
    model = segmenting_detr(shared) if "masks" in config else BUILDERS[config["model"]](shared)
    # Both train all of ResNet but its stem and first stage. transformers looks for stage names of another backbone
    # there and freezes everything, which would spare the peer half of its backward pass.
    boxes_only = model.detr if "masks" in config else model
    for name, parameter in boxes_only.model.backbone.named_parameters():
        parameter.requires_grad_(any(f"stages.{stage}." in name for stage in (1, 2, 3)))
    return model


def detr(shared):
    return DetrForObjectDetection(DetrConfig(**shared, backbone_config=ResNetConfig(out_features=["stage4"])))


def segmenting_detr(shared):
    backbone = ResNetConfig(out_features=["stage1", "stage2", "stage3", "stage4"])
    return DetrForSegmentation(DetrConfig(**shared, backbone_config=backbone))


def deformable_detr(shared):
    backbone = ResNetConfig(out_features=["stage2", "stage3", "stage4"])
    # Its own kernel is for CUDA; everything else takes its composition of grid_sample.
    model = DeformableDetrForObjectDetection(
        DeformableDetrConfig(**shared, backbone_config=backbone, disable_custom_kernels=True)
    )
    begin_as_original(model)
    return model


def begin_as_original(model):
    """What transformers leaves out: queries that look at different places, every class at 1 %, all boxes small and
    where their query looks.
    """
    with torch.no_grad():
        model.model.query_position_embeddings.weight.normal_()
        for classes in model.class_embed:
            classes.bias.fill_(-math.log(99))
        for boxes in model.bbox_embed:
            last = boxes.layers[-1]
            last.weight.zero_()
            last.bias.copy_(torch.tensor([0.0, 0.0, -2.0, -2.0]))


def small_deformable_detr(config):
    """Deformable DETR on a small ResNet of basic blocks with group norm, all of it trained, with losses per layer."""
    backbone, sizes = config["backbone"], config["transformer"]
    resnet = ResNetConfig(
        embedding_size=backbone["width"],
        hidden_sizes=[backbone["width"] * 2**stage for stage in range(4)],
        depths=[2, 2, 2, 2],
        layer_type="basic",
        out_features=[f"stage{stage}" for stage in backbone["returnStages"]],
    )
    model = DeformableDetrForObjectDetection(
        DeformableDetrConfig(
            backbone_config=resnet,
            use_timm_backbone=False,
            disable_custom_kernels=True,
            num_labels=config["numClasses"],
            num_queries=config["numQueries"],
            num_feature_levels=config["featureLevels"],
            with_box_refine=config["boxRefinement"],
            d_model=sizes["dim"],
            encoder_layers=sizes["encoderLayers"],
            decoder_layers=sizes["decoderLayers"],
            encoder_attention_heads=sizes["heads"],
            decoder_attention_heads=sizes["heads"],
            encoder_ffn_dim=sizes["feedForwardDim"],
            decoder_ffn_dim=sizes["feedForwardDim"],
            encoder_n_points=sizes["encoderPoints"],
            decoder_n_points=sizes["decoderPoints"],
            dropout=sizes["dropout"],
            auxiliary_loss=True,
        )
    )
    # transformers shares the classes' weights between layers that refine boxes; the original does not.
    model.class_embed = nn.ModuleList(copy.deepcopy(classes) for classes in model.class_embed)
    use_group_norm(model.model.backbone)
    for parameter in model.model.backbone.parameters():
        parameter.requires_grad_(True)
    begin_as_original(model)
    return model


def use_group_norm(module):
    """In the place of every frozen batch norm, of which transformers has no other."""
    for name, child in module.named_children():
        if type(child).__name__.endswith("FrozenBatchNorm2d"):
            channels = child.weight.numel()
            setattr(module, name, nn.GroupNorm(min(32, channels // 4), channels))
        else:
            use_group_norm(child)


BUILDERS = {"detr": detr, "deformable-detr": deformable_detr}
