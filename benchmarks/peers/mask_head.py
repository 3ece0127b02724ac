"""What peers with masks need beside Transformers."""
from types import MethodType

import torch
from torch.nn import functional


def adapt_maps_once(mask_head):
    """Finer maps go through their adapters before they are repeated for each query, as in the original.

    transformers repeats them first, and so convolves each a hundred times. The result is the same.
    """
    mask_head.forward = MethodType(forward, mask_head)


def forward(self, features, attention_masks, fpn_features):
    """Logits [B Q, 1, h', w'] of a map [B, C, h, w], attention [B, Q, M, h, w] and finer maps, from coarse to fine."""
    images, queries = attention_masks.shape[:2]
    repeated = features[:, None].expand(-1, queries, -1, -1, -1)
    hidden = self.conv2(self.conv1(torch.cat((repeated, attention_masks), 2).flatten(0, 1)))
    for stage, finer in zip(self.fpn_stages, fpn_features):
        adapted = stage.fpn_adapter(finer)[:, None]
        resized = functional.interpolate(hidden, size=adapted.shape[-2:], mode="nearest")
        hidden = stage.refine((resized.unflatten(0, (images, queries)) + adapted).flatten(0, 1))
    return self.output_conv(hidden)


def ellipses(target, settings):
    """Masks [T, height, width] of the ellipses that fill the boxes of a target."""
    rows = (torch.arange(settings["height"], dtype=torch.float64) + 0.5)[:, None] / settings["height"]
    columns = (torch.arange(settings["width"], dtype=torch.float64) + 0.5) / settings["width"]
    return torch.stack(
        [((columns - x) / (w / 2)) ** 2 + ((rows - y) / (h / 2)) ** 2 <= 1 for x, y, w, h in target["boxes"]]
    )
