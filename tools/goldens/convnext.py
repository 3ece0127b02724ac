"""Records a narrow ConvNeXt of torchvision with random weights: maps of all stages, and gradients. Run with

    pip install torch==2.15.0 torchvision==0.29.2 safetensors
    python tools/goldens/convnext.py fixtures/convnext

Four stages with blocks of other counts and channels than `convnext_tiny`, so that the file is small; everything else is
torchvision's class. Layer scales are drawn about 1, not 1e-6, so that the blocks can be seen in the result. The size of
the images is no multiple of the strides.
"""
import json
import sys
from pathlib import Path

import torch
import torchvision
from safetensors.torch import save_file
from torchvision.models.convnext import CNBlockConfig, ConvNeXt

SEED, CHANNELS, BLOCKS, HEIGHT, WIDTH = 31, [6, 10, 14, 22], [1, 2, 1, 1], 70, 53


def build(dtype):
    torch.manual_seed(SEED)
    following = [*CHANNELS[1:], None]
    stages = [CNBlockConfig(*stage) for stage in zip(CHANNELS, following, BLOCKS)]
    model = ConvNeXt(stages, stochastic_depth_prob=0.0, num_classes=3)
    generator = torch.Generator().manual_seed(SEED)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        is_scale = name.endswith("layer_scale") or (parameter.dim() == 1 and name.endswith("weight"))
        fan = parameter[0].numel() if parameter.dim() > 1 else 25
        parameter.data = 1 + 0.2 * noise if is_scale else noise * (1.5 / fan) ** 0.5
    return model.to(dtype).eval()


def run(model, images, cotangents):
    images = images.to(next(model.parameters()).dtype, copy=True).requires_grad_()
    outputs, features = [], images
    for index, part in enumerate(model.features):
        features = part(features)
        if index % 2 == 1:
            outputs.append(features)
    if not cotangents:
        generator = torch.Generator().manual_seed(SEED + 1)
        cotangents.extend(torch.randn(output.shape, generator=generator) for output in outputs)
    sum((output * cotangent.to(output.dtype)).sum() for output, cotangent in zip(outputs, cotangents)).backward()
    weights = {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}
    return {
        "out": {f"stage{index + 1}": output.detach() for index, output in enumerate(outputs)},
        "grad.in": {"image": images.grad},
        "grad.w": weights,
    }


def difference(single, double):
    """The largest relative one of a group's tensors, as the tolerance is used."""
    return max(float((single[name].double() - double[name]).abs().max() / double[name].abs().max()) for name in double)


images = torch.randn([2, 3, HEIGHT, WIDTH], generator=torch.Generator().manual_seed(SEED + 2))
cotangents = []
model = build(torch.float32)
single, double = run(model, images, cotangents), run(build(torch.float64), images, cotangents)
tensors = {f"in.image.{index}": image.clone() for index, image in enumerate(images)}
tensors |= {f"in.cotangent.stage{index + 1}": cotangent for index, cotangent in enumerate(cotangents)}
tensors |= {f"w.{name}": tensor.contiguous() for name, tensor in model.state_dict().items()}
tolerance = {}
for group, values in single.items():
    tensors |= {f"{group}.{name}": tensor.contiguous() for name, tensor in values.items()}
    floor = 1e-5 if group == "out" else 3e-5
    tolerance[group] = {"rtol": max(floor, 20 * difference(values, double[group])), "atol": 1e-6}
case = {
    "topic": "convnext",
    "case": "narrow",
    "torch": torch.__version__,
    "torchvision": torchvision.__version__,
    "config": {"channels": CHANNELS, "blocks": BLOCKS},
    "seed": SEED,
    "tolerance": tolerance,
    "tensors": {
        name: {"shape": list(tensor.shape), "dtype": str(tensor.dtype).removeprefix("torch.")}
        for name, tensor in tensors.items()
    },
}
folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
save_file(tensors, folder / "narrow.safetensors")
(folder / "narrow.json").write_text(json.dumps(case, indent=1) + "\n")
