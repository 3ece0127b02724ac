"""Panoptic quality in numpy, from id maps and lists of segments to the figures."""
import json

import numpy as np
from panoptic_rules import panoptic_quality
from serving import serve


def prepare(settings):
    with open(settings["segments"]) as file:
        listed = json.load(file)
    size = (-1, 2, settings["height"] * settings["width"])
    maps = np.fromfile(settings["maps"], dtype=np.int32).reshape(size)
    segments = lambda given: [
        {"id": one["id"], "category_id": one["categoryId"], "iscrowd": one.get("isCrowd", False)} for one in given
    ]
    categories = [{"id": one["id"], "isthing": one["isThing"]} for one in listed["categories"]]
    images = [
        ((truth_ids, segments(image["truth"])), (predicted_ids, segments(image["prediction"])))
        for (truth_ids, predicted_ids), image in zip(maps, listed["images"])
    ]
    evaluate = lambda: panoptic_quality(categories, images)
    means = evaluate()
    facts = {
        f"{name} {part}": round(means[part][name], 9)
        for part in ["all", "things", "stuff"]
        for name in ["PQ", "SQ", "RQ"]
    }

    def timed():
        evaluate()

    return facts, timed


serve(prepare)
