"""One training step of a small DETR in PyTorch."""
import torch
from serving import serve
from set_criterion import SetCriterion, SoftmaxClasses
from small_detr import SmallDetr
from workload import noise_images, parameter_counts, targets_of, training_step


def prepare(settings):
    torch.set_num_threads(settings["threads"])
    model = SmallDetr(settings["model"]).train()
    criterion = SetCriterion(SoftmaxClasses(settings["model"]["numClasses"]))
    images = noise_images(settings)
    targets = targets_of(settings, "labels")
    step = training_step(model, lambda: criterion(*model(images), targets), settings)
    facts = {**parameter_counts(model), "firstLossPeer": step()}

    def iterate():
        step()

    return facts, iterate


serve(prepare)
