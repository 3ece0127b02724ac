"""Records ten AdamW steps of torch.optim: two groups, gradient clipping, a drop of the learning rate, and a parameter
that has no gradient in some steps. Run with torch 2.13.0:

    python tools/goldens/adamw.py packages/optim/src/__fixtures__/adamw.json
"""
import json
import sys

import torch

SEED = 20
STEPS = 10
SHAPES = {"backbone.weight": [3, 5], "backbone.bias": [5], "head.weight": [2, 3], "late.weight": [7]}
GROUPS = [{"match": "backbone.**", "learningRate": 0.02}, {"learningRate": 0.1, "weightDecay": 0.3}]
WEIGHT_DECAY = 0.1
DROP_AFTER, FACTOR = 6, 0.1
WITHOUT_GRADIENT = {"late.weight": [0, 1, 2, 7]}


def record(clip_norm):
    torch.manual_seed(SEED)
    parameters = {name: torch.nn.Parameter(torch.randn(shape)) for name, shape in SHAPES.items()}
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for n, p in parameters.items() if n.startswith("backbone.")], "lr": 0.02},
            {
                "params": [p for n, p in parameters.items() if not n.startswith("backbone.")],
                "lr": 0.1,
                "weight_decay": 0.3,
            },
        ],
        weight_decay=WEIGHT_DECAY,
    )
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, DROP_AFTER, FACTOR)
    result = {"clipNorm": clip_norm, "initial": dump(parameters), "steps": []}
    for step in range(STEPS):
        slopes = {
            name: torch.randn(shape) for name, shape in SHAPES.items() if step not in WITHOUT_GRADIENT.get(name, [])
        }
        # d loss / d p = slope + p
        loss = sum(
            (slope * parameters[name]).sum() + 0.5 * parameters[name].square().sum() for name, slope in slopes.items()
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), clip_norm if clip_norm > 0 else float("inf"))
        rates = [group["lr"] for group in optimizer.param_groups]
        optimizer.step()
        scheduler.step()
        result["steps"].append(
            {
                "slopes": dump(slopes),
                "loss": loss.item(),
                "gradientNorm": norm.item(),
                "learningRates": rates,
                "parameters": dump(parameters),
            }
        )
    return result


def dump(tensors):
    return {name: tensor.detach().flatten().tolist() for name, tensor in tensors.items()}


golden = {
    "tool": f"torch {torch.__version__}, tools/goldens/adamw.py",
    "seed": SEED,
    "tolerance": {"rtol": 2e-6, "atol": 2e-7},
    "shapes": SHAPES,
    "groups": GROUPS,
    "weightDecay": WEIGHT_DECAY,
    "schedule": {"dropAfter": [DROP_AFTER], "factor": FACTOR},
    "runs": [record(0), record(1.5)],
}
with open(sys.argv[1], "w") as file:
    json.dump(golden, file, separators=(",", ":"))
    file.write("\n")
