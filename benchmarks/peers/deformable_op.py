"""The sampling op in PyTorch, forward alone or with all three gradients."""
import torch
from deformable_sampling import deformable_attention
from serving import extra_peak_memory_mb, serve
from tensor_files import expect_close, read_tensors, take_results

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
    theirs = take_results(settings["results"], [result.shape for result in results])
    facts = {
        "inputsAndOutputsMb": sum(tensor.nbytes for tensor in [*given, *results]) / BYTES_PER_MB,
        **({} if extra is None else {"extraPeakMbPeer": extra}),
        "largestRelativeDifference": expect_close(results, theirs, LARGEST_DIFFERENCE),
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


serve(prepare)
