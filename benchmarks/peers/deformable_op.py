"""The sampling op in PyTorch, forward alone or with all three gradients."""
import os

import numpy
import torch
from deformable_sampling import deformable_attention
from serving import extra_peak_memory_mb, serve

LARGEST_DIFFERENCE = 1e-4
BYTES_PER_MB = 2**20


def prepare(settings):
    torch.set_num_threads(settings["threads"])
    level_shapes = [(level["height"], level["width"]) for level in settings["levelShapes"]]
    tensors = read_tensors(settings["file"], settings["shapes"])
    work = with_gradients if settings["gradients"] else forward
    work([(1, 1)], *tiny(tensors))  # what is loaded on first use is not the op's memory
    results = []
    extra = extra_peak_memory_mb(lambda: results.extend(work(level_shapes, *tensors)))
    given = tensors if settings["gradients"] else tensors[:3]
    facts = {
        "inputsAndOutputsMb": sum(tensor.nbytes for tensor in [*given, *results]) / BYTES_PER_MB,
        **({} if extra is None else {"extraPeakMbPeer": extra}),
        "largestRelativeDifference": compare(results, settings["results"]),
    }
    results.clear()

    def iterate():
        work(level_shapes, *tensors)

    return facts, iterate


def forward(level_shapes, value, locations, weights, cotangent):
    with torch.no_grad():
        return [deformable_attention(value, level_shapes, locations, weights)]


def with_gradients(level_shapes, value, locations, weights, cotangent):
    leaves = [tensor.detach().requires_grad_() for tensor in (value, locations, weights)]
    output = deformable_attention(leaves[0], level_shapes, *leaves[1:])
    return [output.detach(), *torch.autograd.grad(output, leaves, cotangent)]


def tiny(tensors):
    """The same ranks with a single cell, query, level and point."""
    value, locations, weights, cotangent = tensors
    one_point = (locations[:, :1, :, :1, :1].clone(), weights[:, :1, :, :1, :1].clone())
    return value[:, :1].clone(), *one_point, cotangent[:, :1].clone()


def read_tensors(file, shapes):
    """Of the shapes given, one after the other in the file."""
    values, tensors, start = numpy.fromfile(file, dtype=numpy.float32), [], 0
    for shape in shapes:
        size = int(numpy.prod(shape))
        tensors.append(torch.from_numpy(values[start : start + size].reshape(shape)))
        start += size
    return tensors


def compare(results, file):
    """How far what the other side wrote is from these results, relative to each tensor's largest number."""
    theirs = read_tensors(file, [tuple(result.shape) for result in results])
    os.remove(file)
    largest = max(((mine - other).abs().max() / mine.abs().max()).item() for mine, other in zip(results, theirs))
    if not largest <= LARGEST_DIFFERENCE:
        raise ValueError(
            f"the two sides compute different things: results differ by {largest:.2g} of the largest number"
        )
    return largest


serve(prepare)
