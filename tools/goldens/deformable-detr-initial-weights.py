"""Draws initial weights of `deformable-detr-small` (3 classes) with PyTorch's own initialisers, by the rules of the
original: layers of a stack are copies of one, of which only what has more than one axis is drawn anew. Written under
the original's names, one file for each seed. Needs torch 2.13.0 and safetensors:

    python tools/goldens/deformable-detr-initial-weights.py FOLDER 100 101 102 103 104 105 106 107
"""
import copy
import math
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn

WIDTH, BLOCKS, STAGES = 32, 2, 4
DIM, HEADS, LEVELS, POINTS, HIDDEN = 128, 4, 3, 4, 256
ENCODER_LAYERS, DECODER_LAYERS, QUERIES, CLASSES = 2, 3, 60, 3


def tree(**children):
    """A module that only holds others."""
    module = nn.Module()
    for name, child in children.items():
        module.add_module(name, child)
    return module


def copies(module, count):
    return nn.ModuleList([copy.deepcopy(module) for _ in range(count)])


def convolution(inputs, outputs, size):
    layer = nn.Conv2d(inputs, outputs, size, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return layer


def group_norm(channels):
    return nn.GroupNorm(min(math.ceil(channels / 4), 32), channels)


def residual_block(inputs, outputs):
    parts = {"conv1": convolution(inputs, outputs, 3), "bn1": group_norm(outputs)}
    parts |= {"conv2": convolution(outputs, outputs, 3), "bn2": group_norm(outputs)}
    if inputs != outputs:
        parts["downsample"] = nn.Sequential(convolution(inputs, outputs, 1), group_norm(outputs))
    return tree(**parts)


def backbone():
    body = {"conv1": convolution(3, WIDTH, 7), "bn1": group_norm(WIDTH)}
    inputs = WIDTH
    for stage in range(STAGES):
        outputs = WIDTH * 2**stage
        blocks = [residual_block(inputs, outputs)] + [residual_block(outputs, outputs) for _ in range(BLOCKS - 1)]
        body[f"layer{stage + 1}"] = nn.Sequential(*blocks)
        inputs = outputs
    return nn.Sequential(tree(body=tree(**body)))


def sampling_attention():
    samples = HEADS * LEVELS * POINTS
    return tree(
        sampling_offsets=nn.Linear(DIM, samples * 2),
        attention_weights=nn.Linear(DIM, samples),
        value_proj=nn.Linear(DIM, DIM),
        output_proj=nn.Linear(DIM, DIM),
    )


def layer(norms, **attentions):
    """Under the original's names, in the order of its constructors, which decides what is drawn first."""
    parts = {**attentions, "linear1": nn.Linear(DIM, HIDDEN), "linear2": nn.Linear(HIDDEN, DIM)}
    return tree(**parts, **{f"norm{number + 1}": nn.LayerNorm(DIM) for number in range(norms)})


def transformer():
    encoder_layer = layer(2, self_attn=sampling_attention())
    decoder_layer = layer(3, cross_attn=sampling_attention(), self_attn=nn.MultiheadAttention(DIM, HEADS))
    module = tree(
        encoder=tree(layers=copies(encoder_layer, ENCODER_LAYERS)),
        decoder=tree(layers=copies(decoder_layer, DECODER_LAYERS)),
        reference_points=nn.Linear(DIM, 2),
    )
    module.level_embed = nn.Parameter(torch.empty(LEVELS, DIM))
    for parameter in module.parameters():
        if parameter.dim() > 1:
            nn.init.xavier_uniform_(parameter)
    for part in module.modules():
        if hasattr(part, "sampling_offsets"):
            start_sampling(part)
    nn.init.zeros_(module.reference_points.bias)
    nn.init.normal_(module.level_embed)
    return module


def start_sampling(attention):
    """Each head looks in a direction of its own, its points 1, 2, ... cells along it; all points weigh the same."""
    angles = torch.arange(HEADS, dtype=torch.float32) * (2 * math.pi / HEADS)
    directions = torch.stack([angles.cos(), angles.sin()], -1)
    directions = directions / directions.abs().max(-1, keepdim=True).values
    steps = torch.arange(1, POINTS + 1, dtype=torch.float32)
    offsets = directions[:, None, None, :] * steps[None, None, :, None] * torch.ones(LEVELS)[None, :, None, None]
    with torch.no_grad():
        attention.sampling_offsets.bias.copy_(offsets.reshape(-1))
    nn.init.zeros_(attention.sampling_offsets.weight)
    nn.init.zeros_(attention.attention_weights.weight)
    nn.init.zeros_(attention.attention_weights.bias)
    for projection in (attention.value_proj, attention.output_proj):
        nn.init.xavier_uniform_(projection.weight)
        nn.init.zeros_(projection.bias)


def input_projection(channels):
    convolution = nn.Conv2d(channels, DIM, 1)
    nn.init.xavier_uniform_(convolution.weight)
    nn.init.zeros_(convolution.bias)
    return nn.Sequential(convolution, nn.GroupNorm(32, DIM))


def detector():
    parts = {"backbone": backbone(), "transformer": transformer()}
    class_head = nn.Linear(DIM, CLASSES)
    box_head = tree(layers=nn.ModuleList([nn.Linear(DIM, DIM), nn.Linear(DIM, DIM), nn.Linear(DIM, 4)]))
    parts["query_embed"] = nn.Embedding(QUERIES, 2 * DIM)
    channels = [WIDTH * 2**stage for stage in range(STAGES)]
    parts["input_proj"] = nn.ModuleList([input_projection(inputs) for inputs in channels[-LEVELS:]])
    nn.init.constant_(class_head.bias, -math.log((1 - 0.01) / 0.01))
    nn.init.zeros_(box_head.layers[-1].weight)
    nn.init.zeros_(box_head.layers[-1].bias)
    # Box refinement: heads of each layer's own, which begin alike but for the size of the first boxes.
    parts["class_embed"] = copies(class_head, DECODER_LAYERS)
    parts["bbox_embed"] = copies(box_head, DECODER_LAYERS)
    nn.init.constant_(parts["bbox_embed"][0].layers[-1].bias.data[2:], -2.0)
    # The original's decoder holds them too, so its state dict names them twice.
    parts["transformer"].decoder.bbox_embed = parts["bbox_embed"]
    return tree(**parts)


folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for seed in map(int, sys.argv[2:]):
    torch.manual_seed(seed)
    model = detector()
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    save_file(weights, folder / f"{seed}.safetensors")
    print(f"{folder / f'{seed}.safetensors'}: {sum(parameter.numel() for parameter in model.parameters())} parameters")
