"""Tensors that one side writes for the other: float32, one after the other, shapes known."""
import os

import numpy
import torch


def read_tensors(file, shapes):
    """Of the shapes given, one after the other in the file."""
    values, tensors, start = numpy.fromfile(file, dtype=numpy.float32), [], 0
    if values.size != sum(int(numpy.prod(shape)) for shape in shapes):
        raise ValueError(f"{file}: expected numbers for {shapes}, got {values.size}")
    for shape in shapes:
        size = int(numpy.prod(shape))
        tensors.append(torch.from_numpy(values[start : start + size].reshape(shape)))
        start += size
    return tensors


def take_results(file, shapes):
    """The same, and removes the file."""
    results = read_tensors(file, shapes)
    os.remove(file)
    return results


def expect_close(results, theirs, limit):
    """How far the other side's results are from these, relative to each tensor's largest number; at most the limit."""
    largest = max(((mine - other).abs().max() / mine.abs().max()).item() for mine, other in zip(results, theirs))
    if not largest <= limit:
        raise ValueError(
            f"the two sides compute different things: results differ by {largest:.2g} of the largest number"
        )
    return largest
