"""A detector in ONNX Runtime, exported once from Hugging Face transformers: from images to its last layer's output."""
import json
import os
import subprocess
import sys

import numpy
import onnxruntime
from serving import serve


def prepare(settings):
    folder = os.path.join(sys.prefix, "exported", settings["exported"])  # goes when the environment is made anew
    if not os.path.exists(os.path.join(folder, "facts.json")):
        script = os.path.join(os.path.dirname(__file__), "export_detector.py")
        subprocess.run([sys.executable, script, json.dumps(settings), folder], check=True, stdout=sys.stderr)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = settings["threads"]
    model = os.path.join(folder, "model.onnx")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    shape = (settings["batch"], 3, settings["height"], settings["width"])
    images = numpy.random.default_rng(1).uniform(-2, 2, shape).astype(numpy.float32)

    def iterate():
        session.run(None, {"images": images})

    with open(os.path.join(folder, "facts.json")) as facts:
        return json.load(facts), iterate


serve(prepare)
