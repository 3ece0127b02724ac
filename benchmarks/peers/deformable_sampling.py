"""Multi-scale deformable attention composed of PyTorch's own operations."""
import torch
from torch.nn import functional


def deformable_attention(value, level_shapes, locations, weights):
    """Returns [B, Q, M * D].

    Takes value [B, S, M, D], locations [B, Q, M, L, P, 2] (x and y, 0 to 1) and weights [B, Q, M, L, P].
    """
    images, _, heads, width_of_head = value.shape
    queries = locations.shape[1]
    grids = 2 * locations - 1  # grid_sample counts from -1 to 1
    samples = []
    maps = value.split([height * width for height, width in level_shapes], 1)
    for level, (height, width) in enumerate(level_shapes):
        by_head = maps[level].permute(0, 2, 3, 1).reshape(images * heads, width_of_head, height, width)
        grid = grids[:, :, :, level].transpose(1, 2).flatten(0, 1)
        samples.append(
            functional.grid_sample(by_head, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        )
    by_point = weights.transpose(1, 2).reshape(images * heads, 1, queries, -1)
    mixed = (torch.cat(samples, -1) * by_point).sum(-1)
    return mixed.view(images, heads * width_of_head, queries).transpose(1, 2).contiguous()
