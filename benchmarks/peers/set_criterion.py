"""The set loss of DETR and Deformable DETR in PyTorch.

Hungarian matching by SciPy in every decoder layer, a class loss, L1 and generalised IoU.
"""
import torch
from scipy.optimize import linear_sum_assignment
from torch import nn
from torch.nn import functional

L1, GIOU = 5, 2


def corners(boxes):
    centre, half = boxes[..., :2], boxes[..., 2:] / 2
    return torch.cat((centre - half, centre + half), -1)


def generalized_iou(first, second):
    """Of boxes by their corners; shapes are broadcast."""
    area = lambda boxes: (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)
    smaller, larger = torch.minimum(first, second), torch.maximum(first, second)
    overlap = torch.cat((larger[..., :2], smaller[..., 2:]), -1)
    hull = torch.cat((smaller[..., :2], larger[..., 2:]), -1)
    intersection, hull_area = area(overlap), area(hull)
    union = area(first) + area(second) - intersection
    return intersection / union - (hull_area - union) / hull_area


class SoftmaxClasses(nn.Module):
    """DETR's: one class more, for "no object", which counts a tenth."""

    weight, no_object = 1, 0.1

    def __init__(self, classes):
        super().__init__()
        weights = torch.ones(classes + 1)
        weights[-1] = self.no_object
        self.register_buffer("weights", weights)

    def cost(self, logits, labels):
        """[N, T] of logits [N, C + 1] and labels [T]."""
        return -logits.softmax(-1)[:, labels]

    def loss(self, logits, images, queries, labels, count):
        wanted = torch.full(logits.shape[:2], logits.shape[-1] - 1)
        wanted[images, queries] = labels
        return functional.cross_entropy(logits.transpose(1, 2), wanted, self.weights)


class SigmoidFocal(nn.Module):
    """Deformable DETR's: a yes or no for each class, in which easy decisions count little."""

    weight, alpha, gamma = 2, 0.25, 2

    def cost(self, logits, labels):
        probabilities = logits.sigmoid()
        present = -self.alpha * (1 - probabilities) ** self.gamma * (probabilities + 1e-8).log()
        absent = -(1 - self.alpha) * probabilities**self.gamma * (1 - probabilities + 1e-8).log()
        return (present - absent)[:, labels]

    def loss(self, logits, images, queries, labels, count):
        wanted = torch.zeros_like(logits)
        wanted[images, queries, labels] = 1
        entropy = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
        wrong = (wanted - logits.sigmoid()).abs()
        alpha = wanted * self.alpha + (1 - wanted) * (1 - self.alpha)
        return (alpha * wrong**self.gamma * entropy).sum() / count


class SetCriterion(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.classes = classes

    @torch.no_grad()
    def match(self, logits, boxes, targets):
        """(image, query, target) indices of the matched pairs of one layer; targets are numbered through the batch."""
        labels = torch.cat([target["labels"] for target in targets])
        wanted = torch.cat([target["boxes"] for target in targets])
        predicted = boxes.flatten(0, 1)
        cost = self.classes.weight * self.classes.cost(logits.flatten(0, 1), labels)
        cost += L1 * torch.cdist(predicted, wanted, p=1)
        cost -= GIOU * generalized_iou(corners(predicted)[:, None], corners(wanted)[None])
        sizes = [len(target["labels"]) for target in targets]
        columns = cost.view(*logits.shape[:2], -1).split(sizes, -1)
        images, queries, indices, start = [], [], [], 0
        for image, size in enumerate(sizes):
            rows, matched = linear_sum_assignment(columns[image][image])
            images += [image] * len(rows)
            queries += rows.tolist()
            indices += (matched + start).tolist()
            start += size
        return torch.tensor(images), torch.tensor(queries), torch.tensor(indices)

    def layer_loss(self, logits, boxes, targets):
        images, queries, indices = self.match(logits, boxes, targets)
        labels = torch.cat([target["labels"] for target in targets])[indices]
        wanted = torch.cat([target["boxes"] for target in targets])[indices]
        count = max(1, sum(len(target["labels"]) for target in targets))
        matched = boxes[images, queries]
        class_loss = self.classes.loss(logits, images, queries, labels, count)
        l1 = (matched - wanted).abs().sum() / count
        giou = (1 - generalized_iou(corners(matched), corners(wanted))).sum() / count
        return self.classes.weight * class_loss + L1 * l1 + GIOU * giou

    def forward(self, logits, boxes, targets):
        return sum(self.layer_loss(*layer, targets) for layer in zip(logits, boxes))
