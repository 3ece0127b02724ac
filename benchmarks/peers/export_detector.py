"""Exports a detector of Hugging Face transformers to ONNX: export_detector.py SETTINGS FOLDER.

It runs in its own process, so that its memory is not counted as the peer's.
"""
import json
import logging
import os
import shutil
import sys
import tempfile

import numpy
import onnxruntime
import torch
from hugging_face_detr import detector
from workload import noise_images, parameter_counts

LARGEST_DIFFERENCE = 1e-3


class Unpadded(torch.nn.Module):
    """Takes only the images: nothing is padded, so the exporter computes all that follows from the mask beforehand."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, images):
        output = self.model(pixel_values=images)
        return output.logits, output.pred_boxes


def export(settings, folder):
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    made = tempfile.mkdtemp(prefix=f"{os.path.basename(folder)}-", dir=os.path.dirname(folder))
    model = detector(settings["model"])
    images = noise_images(settings)
    # PyTorch's fused attention would be exported with a guard against rows without any key, which costs time and never
    # helps here.
    model.set_attn_implementation("eager")
    network = Unpadded(model).eval()
    path = os.path.join(made, "model.onnx")
    with torch.inference_mode():
        wanted = network(images)
    names = {"input_names": ["images"], "output_names": ["logits", "boxes"]}
    torch.onnx.export(network, (images,), path, **names, dynamo=True, verbose=False)
    got = onnxruntime.InferenceSession(path).run(None, {"images": images.numpy()})
    difference = max(float(numpy.abs(mine - theirs.numpy()).max()) for mine, theirs in zip(got, wanted))
    if not difference <= LARGEST_DIFFERENCE:
        raise ValueError(f"the exported network's results differ from PyTorch's by {difference:.2g}")
    with open(os.path.join(made, "facts.json"), "w") as file:
        json.dump({"parameters": parameter_counts(model)["parameters"], "differenceFromPyTorch": difference}, file)
    try:
        os.rename(made, folder)
    except OSError:
        shutil.rmtree(made)  # another process was faster


logging.getLogger("torch.onnx").setLevel(logging.ERROR)
export(json.loads(sys.argv[1]), sys.argv[2])
