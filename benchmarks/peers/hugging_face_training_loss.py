"""The original's loss for Deformable DETR of transformers."""
from set_criterion import SetCriterion, SigmoidFocal


def use_original_loss(model):
    """transformers gives Deformable DETR's class loss and class cost only half the weight they have in the original."""
    criterion = SetCriterion(SigmoidFocal())

    def loss_of(logits, targets, device, boxes, config, all_logits, all_boxes):
        return criterion(all_logits, all_boxes, targets), None, None

    model.loss_function = loss_of
