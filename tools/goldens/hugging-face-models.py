"""Writes small models of Hugging Face's Transformers with random weights, and what they answer: fixtures/hugging-face.

    pip install torch==2.15.0 transformers==5.23.0
    python tools/goldens/hugging-face-models.py fixtures/hugging-face

Each folder is as `save_pretrained` writes it, with the input and the outputs in `expected.safetensors`. Batch
statistics are drawn too, so that a test notices a norm that is taken for another. Two images, the second padded.
"""
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (
    DeformableDetrConfig,
    DeformableDetrForObjectDetection,
    DetrConfig,
    DetrForObjectDetection,
    ResNetConfig,
)

root = Path(sys.argv[1])
labels = {0: "N/A", 1: "cat", 2: "dog"}
sizes = dict(d_model=32, encoder_layers=1, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4,
             encoder_ffn_dim=24, decoder_ffn_dim=24,
             num_queries=5, id2label=labels, label2id={name: index for index, name in labels.items()})


def backbone(*stages):
    return ResNetConfig(embedding_size=4, hidden_sizes=[16, 32, 64, 128], depths=[1, 1, 1, 1], layer_type="bottleneck",
                        out_features=list(stages))


three = ("stage2", "stage3", "stage4")
own = dict(use_timm_backbone=False, backbone=None)
models = {
    "detr": lambda: DetrForObjectDetection(DetrConfig(**own, backbone_config=backbone("stage4"), **sizes)),
    "deformable-detr": lambda: DeformableDetrForObjectDetection(
        DeformableDetrConfig(**own, backbone_config=backbone(*three), **sizes)),
    "deformable-detr-refine": lambda: DeformableDetrForObjectDetection(
        DeformableDetrConfig(**own, backbone_config=backbone(*three), with_box_refine=True, **sizes)),
    "deformable-detr-two-stage": lambda: DeformableDetrForObjectDetection(
        DeformableDetrConfig(**own, backbone_config=backbone(*three), with_box_refine=True, two_stage=True,
                             two_stage_num_proposals=5, **sizes)),
}

for name, build in models.items():
    torch.manual_seed(len(name))
    model = build().eval()
    for key, tensor in model.state_dict().items():
        if key.endswith("running_var"):
            tensor.uniform_(0.5, 2)
        elif key.endswith("running_mean"):
            tensor.normal_(0, 0.2)
        elif "sampling_offsets" not in key and tensor.dtype == torch.float32 and tensor.ndim > 0:
            tensor.add_(torch.randn_like(tensor) * 0.02)
    pixels = torch.randn(2, 3, 64, 96)
    mask = torch.ones(2, 64, 96, dtype=torch.long)
    mask[1, 48:] = 0
    mask[1, :, 64:] = 0
    pixels = pixels * mask[:, None]
    with torch.no_grad():
        answer = model(pixel_values=pixels, pixel_mask=mask)
    folder = root / name
    model.save_pretrained(folder)
    expected = {"pixels": pixels.permute(0, 2, 3, 1).contiguous(), "logits": answer.logits, "boxes": answer.pred_boxes}
    save_file(expected, folder / "expected.safetensors")
    print(name, answer.logits.shape, answer.logits[0, 0].tolist())
