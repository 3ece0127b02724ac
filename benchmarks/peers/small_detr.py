"""A small DETR as one writes it in PyTorch: a ResNet of basic blocks with group norm, and a post-norm transformer.

Images are taken to be unpadded, so attention needs no masks.
"""
import math

import torch
from torch import nn
from torch.nn import functional


def group_norm(channels):
    return nn.GroupNorm(min(32, channels // 4), channels)


def convolution(inputs, outputs, size, stride=1):
    layer = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return layer


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = nn.Sequential(convolution(inputs, outputs, 3, stride), group_norm(outputs), nn.ReLU(inplace=True))
        self.second = nn.Sequential(convolution(outputs, outputs, 3), group_norm(outputs))
        same = stride == 1 and inputs == outputs
        self.shortcut = (
            nn.Identity() if same else nn.Sequential(convolution(inputs, outputs, 1, stride), group_norm(outputs))
        )

    def forward(self, features):
        return functional.relu(self.second(self.first(features)) + self.shortcut(features), inplace=True)


class Backbone(nn.Sequential):
    def __init__(self, config):
        width, stem_size = config["width"], 7 if config["stem"] == "7x7pool" else 3
        parts = [convolution(3, width, stem_size, 2), group_norm(width), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
        channels = width
        for stage in range(max(config["returnStages"])):
            outputs = width * 2**stage
            parts += [BasicBlock(channels, outputs, 1 if stage == 0 else 2), BasicBlock(outputs, outputs, 1)]
            channels = outputs
        super().__init__(*parts)
        self.channels = channels


def sine_encoding(height, width, dim, normalize):
    """[height * width, dim], sines and cosines of row, then of column."""
    half = dim // 2
    waves = 10000 ** (2 * (torch.arange(half) // 2) / half)

    def axis(size):
        position = torch.arange(1, size + 1, dtype=torch.float32)
        if normalize:
            position = position / (size + 1e-6) * 2 * math.pi
        angles = position[:, None] / waves
        return torch.stack((angles[:, 0::2].sin(), angles[:, 1::2].cos()), 2).flatten(1)

    rows, columns = axis(height), axis(width)
    both = torch.cat((rows[:, None].expand(-1, width, -1), columns[None].expand(height, -1, -1)), 2)
    return both.flatten(0, 1)


class Attention(nn.MultiheadAttention):
    """Without averaged weights, which nobody asks for here: PyTorch then takes its fused attention."""

    def forward(self, query, key, value):
        return super().forward(query, key, value, need_weights=False)[0]


class FeedForward(nn.Sequential):
    def __init__(self, dim, hidden, dropout):
        super().__init__(nn.Linear(dim, hidden), nn.ReLU(inplace=True), nn.Dropout(dropout), nn.Linear(hidden, dim))


class EncoderLayer(nn.Module):
    def __init__(self, dim, heads, hidden, dropout):
        super().__init__()
        self.attention = Attention(dim, heads, dropout, batch_first=True)
        self.feed_forward = FeedForward(dim, hidden, dropout)
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens, position):
        keys = tokens + position
        tokens = self.norms[0](tokens + self.dropout(self.attention(keys, keys, tokens)))
        return self.norms[1](tokens + self.dropout(self.feed_forward(tokens)))


class DecoderLayer(nn.Module):
    def __init__(self, dim, heads, hidden, dropout):
        super().__init__()
        self.self_attention = Attention(dim, heads, dropout, batch_first=True)
        self.cross_attention = Attention(dim, heads, dropout, batch_first=True)
        self.feed_forward = FeedForward(dim, hidden, dropout)
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(3))
        self.dropout = nn.Dropout(dropout)

    def forward(self, queries, query_position, memory, memory_keys):
        keys = queries + query_position
        queries = self.norms[0](queries + self.dropout(self.self_attention(keys, keys, queries)))
        found = self.cross_attention(queries + query_position, memory_keys, memory)
        queries = self.norms[1](queries + self.dropout(found))
        return self.norms[2](queries + self.dropout(self.feed_forward(queries)))


class SmallDetr(nn.Module):
    def __init__(self, config):
        super().__init__()
        sizes = config["transformer"]
        dim, layer = sizes["dim"], (sizes["dim"], sizes["heads"], sizes["feedForwardDim"], sizes["dropout"])
        self.normalize = config["positionEncoding"]["normalize"]
        self.backbone = Backbone(config["backbone"])
        self.projection = nn.Conv2d(self.backbone.channels, dim, 1)
        self.encoder = nn.ModuleList(EncoderLayer(*layer) for _ in range(sizes["encoderLayers"]))
        self.decoder = nn.ModuleList(DecoderLayer(*layer) for _ in range(sizes["decoderLayers"]))
        self.norm = nn.LayerNorm(dim)
        self.queries = nn.Embedding(config["numQueries"], dim)
        self.classes = nn.Linear(dim, config["numClasses"] + 1)
        self.boxes = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, 4))

    def forward(self, images):
        """Logits [L, B, Q, C + 1] and boxes [L, B, Q, 4] of all decoder layers."""
        features = self.projection(self.backbone(images))
        count, dim, height, width = features.shape
        position = sine_encoding(height, width, dim, self.normalize)
        memory = features.flatten(2).transpose(1, 2)
        for layer in self.encoder:
            memory = layer(memory, position)
        keys = memory + position
        query_position = self.queries.weight.expand(count, -1, -1)
        states, queries = [], torch.zeros_like(query_position)
        for layer in self.decoder:
            queries = layer(queries, query_position, memory, keys)
            states.append(self.norm(queries))
        states = torch.stack(states)
        return self.classes(states), self.boxes(states).sigmoid()
