"""Records packages/evaluation/src/__fixtures__/panoptic-quality.json: panoptic quality of generated segmentations, by
benchmarks/peers/panoptic_rules.py. With numpy 2.4.6: python tools/goldens/panoptic-quality.py
"""
import json
import pathlib
import sys

import numpy as np

root = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "benchmarks" / "peers"))
from panoptic_rules import panoptic_quality  # noqa: E402

SEED = 7
CATEGORIES = [{"id": i, "isthing": i % 3 != 0} for i in (2, 3, 5, 6, 9, 11, 40)]
IMAGES, HEIGHT, WIDTH = 40, 29, 37


def blocks(random, ids):
    """A map of rectangles painted over one another, on void."""
    found = np.zeros((HEIGHT, WIDTH), np.int64)
    for one in ids:
        top, left = random.integers(0, HEIGHT - 6), random.integers(0, WIDTH - 6)
        found[top : top + random.integers(4, 18), left : left + random.integers(4, 24)] = one
    return found


def new_id(random):
    return int(random.integers(1, 256**3))


def listed(random, ids, category_of, crowds):
    segments = []
    for one in np.unique(ids[ids > 0]).tolist():
        segment = {"id": one, "category_id": category_of[one]}
        if crowds:
            segment["iscrowd"] = int(random.random() < 0.2)
            if random.random() < 0.5:
                segment["area"] = int((ids == one).sum())
        segments.append(segment)
    return segments


def image(random):
    names = [new_id(random) for _ in range(random.integers(0, 9))]
    category = lambda: int(random.choice([each["id"] for each in CATEGORIES[:-1]]))
    of_truth = {one: category() for one in names}
    truth = blocks(random, names)
    # The prediction: the truth moved a little, its segments renamed, some merged, split, dropped, of another class.
    predicted = np.roll(truth, random.integers(-2, 3, 2), (0, 1))
    of_prediction = dict(of_truth)
    for one in names:
        where = predicted == one
        fate = random.random()
        if fate < 0.15:
            predicted[where] = 0
        elif fate < 0.3:
            predicted[where] = random.choice(names)
        elif fate < 0.45:
            other = new_id(random)
            of_prediction[other] = of_prediction[one]
            predicted[where & (np.arange(WIDTH) < random.integers(0, WIDTH))] = other
        elif fate < 0.6:
            of_prediction[one] = category()
    for _ in range(random.integers(0, 3)):  # segments of nothing, some of them over void
        other = new_id(random)
        of_prediction[other] = category()
        predicted[blocks(random, [other]) > 0] = other
    renamed = {one: new_id(random) for one in np.unique(predicted[predicted > 0]).tolist()}
    predicted = np.vectorize(lambda one: renamed.get(one, 0), otypes=[np.int64])(predicted)
    of_prediction = {renamed[one]: of_prediction[one] for one in renamed}
    return (truth, listed(random, truth, of_truth, True)), (predicted, listed(random, predicted, of_prediction, False))


def runs(ids):
    """Row by row as [id, pixels, id, pixels, …]."""
    flat = ids.ravel()
    starts = np.flatnonzero(np.r_[True, flat[1:] != flat[:-1]])
    lengths = np.diff(np.r_[starts, flat.size])
    return np.stack([flat[starts], lengths], 1).ravel().tolist()


random = np.random.default_rng(SEED)
images = [image(random) for _ in range(IMAGES)]
side = lambda made: {"runs": runs(made[0]), "segments": made[1]}
result = panoptic_quality(CATEGORIES, images)
file = root / "packages/evaluation/src/__fixtures__/panoptic-quality.json"
file.parent.mkdir(exist_ok=True)
file.write_text(
    json.dumps(
        {
            "made_by": f"benchmarks/peers/panoptic_rules.py, numpy {np.__version__}",
            "seed": SEED,
            "categories": CATEGORIES,
            "images": [{"truth": side(truth), "prediction": side(prediction)} for truth, prediction in images],
            "result": result,
        },
        separators=(",", ":"),
    )
    + "\n"
)
print(file, file.stat().st_size, result)
