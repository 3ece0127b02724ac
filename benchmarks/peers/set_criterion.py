"""DETR's loss in PyTorch: Hungarian matching by SciPy in every decoder layer, cross entropy, L1 and generalised IoU."""
import torch
from scipy.optimize import linear_sum_assignment
from torch import nn
from torch.nn import functional

CLASS, L1, GIOU, NO_OBJECT = 1, 5, 2, 0.1


def corners(boxes):
    centre, half = boxes[..., :2], boxes[..., 2:] / 2
    return torch.cat((centre - half, centre + half), -1)


def generalized_iou(first, second):
    """Of boxes by their corners; shapes are broadcast."""
    area = lambda boxes: (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)
    overlap = torch.cat((torch.maximum(first[..., :2], second[..., :2]), torch.minimum(first[..., 2:], second[..., 2:])), -1)
    hull = torch.cat((torch.minimum(first[..., :2], second[..., :2]), torch.maximum(first[..., 2:], second[..., 2:])), -1)
    intersection, hull_area = area(overlap), area(hull)
    union = area(first) + area(second) - intersection
    return intersection / union - (hull_area - union) / hull_area


class SetCriterion(nn.Module):
    def __init__(self, classes):
        super().__init__()
        weights = torch.ones(classes + 1)
        weights[-1] = NO_OBJECT
        self.register_buffer("weights", weights)

    @torch.no_grad()
    def match(self, logits, boxes, targets):
        """(image, query, target) indices of the matched pairs of one layer; targets are numbered through the batch."""
        labels = torch.cat([target["labels"] for target in targets])
        wanted = torch.cat([target["boxes"] for target in targets])
        probabilities = logits.flatten(0, 1).softmax(-1)
        predicted = boxes.flatten(0, 1)
        cost = -CLASS * probabilities[:, labels] + L1 * torch.cdist(predicted, wanted, p=1)
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
        wanted_labels = torch.cat([target["labels"] for target in targets])[indices]
        wanted_boxes = torch.cat([target["boxes"] for target in targets])[indices]
        classes = torch.full(logits.shape[:2], logits.shape[-1] - 1)
        classes[images, queries] = wanted_labels
        count = max(1, sum(len(target["labels"]) for target in targets))
        matched = boxes[images, queries]
        class_loss = functional.cross_entropy(logits.transpose(1, 2), classes, self.weights)
        l1 = (matched - wanted_boxes).abs().sum() / count
        giou = (1 - generalized_iou(corners(matched), corners(wanted_boxes))).sum() / count
        return CLASS * class_loss + L1 * l1 + GIOU * giou

    def forward(self, logits, boxes, targets):
        return sum(self.layer_loss(*layer, targets) for layer in zip(logits, boxes))
