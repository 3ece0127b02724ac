"""Panoptic quality in numpy, after the rules of COCO's evaluation (panopticapi counts by them too); own code.

A segmentation is (ids, segments): ids an integer array of pixels, 0 being void; segments a list of
{"id", "category_id"}, of the ground truth with "iscrowd" and maybe "area".
"""
import numpy as np

ID_COUNT = 256**3
VOID = 0


def pair_counts(truth_ids, predicted_ids):
    """Pixels of every pair of ids that occurs, {(truth, predicted): pixels}."""
    both = truth_ids.astype(np.uint64) * ID_COUNT + predicted_ids.astype(np.uint64)
    pairs, pixels = np.unique(both, return_counts=True)
    return {(int(pair) // ID_COUNT, int(pair) % ID_COUNT): int(count) for pair, count in zip(pairs, pixels)}


def count_image(truth, prediction, counts):
    """Adds to counts, {category id: [iou sum, true positives, false positives, false negatives]}."""
    (truth_ids, truth_segments), (predicted_ids, predicted_segments) = truth, prediction
    shared = pair_counts(truth_ids, predicted_ids)
    truth_by_id = {segment["id"]: segment for segment in truth_segments}
    predicted_by_id = {segment["id"]: segment for segment in predicted_segments}
    predicted_areas = {int(i): int(n) for i, n in zip(*np.unique(predicted_ids, return_counts=True))}
    for name in set(predicted_areas) - set(predicted_by_id) - {VOID}:
        raise KeyError(f"segment {name} has pixels and is not listed")
    for name in set(predicted_by_id) - set(predicted_areas):
        raise KeyError(f"segment {name} is listed and has no pixels")
    truth_areas = {i: segment["area"] for i, segment in truth_by_id.items() if "area" in segment}
    if len(truth_areas) < len(truth_by_id):
        found = {int(i): int(n) for i, n in zip(*np.unique(truth_ids, return_counts=True))}
        truth_areas = {i: truth_areas.get(i, found.get(i, 0)) for i in truth_by_id}

    in_void = lambda predicted: shared.get((VOID, predicted), 0)
    found_truth, found_predicted = set(), set()
    for (of_truth, of_prediction), pixels in shared.items():
        if of_truth not in truth_by_id or of_prediction not in predicted_by_id:
            continue
        segment = truth_by_id[of_truth]
        category = segment["category_id"]
        if segment.get("iscrowd") or category != predicted_by_id[of_prediction]["category_id"]:
            continue
        union = predicted_areas[of_prediction] + truth_areas[of_truth] - pixels - in_void(of_prediction)
        if pixels / union > 0.5:
            counts[category][0] += pixels / union
            counts[category][1] += 1
            found_truth.add(of_truth)
            found_predicted.add(of_prediction)
    crowds = {}
    for name, segment in truth_by_id.items():
        if name in found_truth:
            continue
        if segment.get("iscrowd"):
            crowds[segment["category_id"]] = name
        else:
            counts[segment["category_id"]][3] += 1
    for name, segment in predicted_by_id.items():
        if name in found_predicted:
            continue
        category = segment["category_id"]
        ignored = in_void(name)
        if category in crowds:
            ignored += shared.get((crowds[category], name), 0)
        if ignored / predicted_areas[name] <= 0.5:
            counts[category][2] += 1


def figures(iou_sum, found, wrong, missed):
    segments = found + 0.5 * wrong + 0.5 * missed
    if segments == 0:
        return None
    return [iou_sum / segments, iou_sum / found if found else 0.0, found / segments]


def panoptic_quality(categories, images):
    """categories: [{"id", "isthing"}]; images: pairs of segmentations, truth first.

    Returns {"all", "things", "stuff": {"PQ", "SQ", "RQ", "n"}, "counts": by category id}.
    """
    counts = {category["id"]: [0.0, 0, 0, 0] for category in categories}
    for truth, prediction in images:
        count_image(truth, prediction, counts)

    def means(chosen):
        rows = [row for row in (figures(*counts[category["id"]]) for category in chosen) if row is not None]
        if not rows:
            return {"PQ": -1, "SQ": -1, "RQ": -1, "n": 0}
        return dict(zip(["PQ", "SQ", "RQ"], np.mean(rows, axis=0).tolist())) | {"n": len(rows)}

    return {
        "all": means(categories),
        "things": means([category for category in categories if category["isthing"]]),
        "stuff": means([category for category in categories if not category["isthing"]]),
        "counts": counts,
    }
