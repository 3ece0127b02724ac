"""pycocotools on recorded files, from their text to the figures."""
import contextlib
import json
import os

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from serving import serve

NAMES = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]


def prepare(settings):
    with open(settings["groundTruth"]) as truth, open(settings["detections"]) as detections:
        truth_text, detections_text = truth.read(), detections.read()
    silence = open(os.devnull, "w")

    def iterate():
        with contextlib.redirect_stdout(silence):
            truth = COCO()
            truth.dataset = json.loads(truth_text)
            truth.dataset.setdefault("info", {})  # loadRes insists on it
            truth.createIndex()
            evaluation = COCOeval(truth, truth.loadRes(json.loads(detections_text)), settings["type"])
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        return evaluation.stats

    facts = dict(zip(NAMES, iterate().tolist()))

    def timed():
        iterate()

    return facts, timed


serve(prepare)
