"""DETR-R50 of Hugging Face transformers with random weights; nothing is downloaded."""
from transformers import DetrConfig, DetrForObjectDetection, ResNetConfig


def detr_r50(**settings):
    config = DetrConfig(use_timm_backbone=False, backbone_config=ResNetConfig(out_features=["stage4"]), num_labels=91, **settings)
    model = DetrForObjectDetection(config)
    # DETR trains all of ResNet but its stem and first stage. transformers looks for stage names of another backbone there and
    # freezes everything, which would spare the peer half of its backward pass.
    for name, parameter in model.model.backbone.named_parameters():
        parameter.requires_grad_(any(f"stages.{stage}." in name for stage in (1, 2, 3)))
    return model
