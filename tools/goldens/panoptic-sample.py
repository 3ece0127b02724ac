"""Records packages/evaluation/src/__fixtures__/panoptic-sample.json: panoptic quality of two images of COCO, whose
segments are damaged by rule, by benchmarks/peers/panoptic_rules.py. Only figures are kept, no pixel of the data.
With numpy 2.4.6 and Pillow 13.0.0: python tools/goldens/panoptic-sample.py FOLDER, the panoptic sample of coco-mini.
"""
import json
import pathlib
import sys

import numpy as np
from PIL import Image

root = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "benchmarks" / "peers"))
from panoptic_rules import panoptic_quality  # noqa: E402

sample = pathlib.Path(sys.argv[1])


def ids_of(picture):
    red, green, blue = np.moveaxis(np.asarray(Image.open(picture).convert("RGB"), np.int64), -1, 0)
    return red + 256 * green + 256**2 * blue


def damaged(ids, segments, category_ids):
    """What panoptic-sample.parity.test.ts does to the same images: see its `damaged`."""
    columns = np.arange(ids.shape[1])
    found, category_of = np.zeros_like(ids), {}
    for place, segment in enumerate(segments):
        where, category, own = ids == segment["id"], segment["category_id"], place + 1
        fate = place % 6
        if fate == 2:
            continue
        if fate == 3:
            category = category_ids[(category_ids.index(category) + 1) % len(category_ids)]
        if fate == 5:
            own = place
        found[where] = own
        category_of.setdefault(own, category)
        if fate == 4:
            found[where & (columns % 64 >= 48)] = 1000 + own
            category_of[1000 + own] = category
    found = np.roll(found, (-1, -2), (0, 1))
    seen = set(np.unique(found).tolist())
    return found, [{"id": one, "category_id": of} for one, of in category_of.items() if one in seen]


categories = json.loads((sample / "panoptic_coco_categories.json").read_text())
annotations = json.loads((sample / "panoptic_examples.json").read_text())["annotations"]
category_ids = [category["id"] for category in categories]
images = []
for annotation in annotations:
    ids, segments = ids_of(sample / "panoptic_examples" / annotation["file_name"]), annotation["segments_info"]
    images.append(((ids, segments), damaged(ids, segments, category_ids)))
result = panoptic_quality(categories, images)
counted = {category: counts for category, counts in result["counts"].items() if any(counts)}
file = root / "packages/evaluation/src/__fixtures__/panoptic-sample.json"
made_by = f"tools/goldens/panoptic-sample.py, numpy {np.__version__}"
file.write_text(json.dumps({"made_by": made_by, **result, "counts": counted}, indent=1) + "\n")
print(file, file.stat().st_size, {part: result[part] for part in ("all", "things", "stuff")})
