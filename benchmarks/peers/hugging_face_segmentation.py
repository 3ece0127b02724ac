"""DETR with masks of Hugging Face transformers in PyTorch: from images to masks, or to the segments of an image."""
import torch
from mask_head import adapt_maps_once
from serving import serve
from tensor_files import expect_close, read_tensors, take_results
from torch.nn import functional
from transformers import AutoImageProcessor, DetrForSegmentation
from workload import parameter_counts

LARGEST_DIFFERENCE = 1e-3
MOST_DIFFERING_PIXELS = 1e-3


def prepare(settings):
    torch.set_num_threads(settings["threads"])
    folder = settings["huggingFace"]
    model = DetrForSegmentation.from_pretrained(folder).eval()
    if settings["adaptersOnce"]:
        adapt_maps_once(model.mask_head)
    # Compiled while the first images go through, before anything is timed.
    network = torch.compile(model) if settings["compiled"] else model
    size = (settings["batch"], settings["height"], settings["width"])
    (pixels,) = read_tensors(settings["images"], [(*size, 3)])
    images = pixels.permute(0, 3, 1, 2).contiguous()
    mask = torch.ones(size, dtype=torch.long)
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    source = (settings["sourceSize"]["height"], settings["sourceSize"]["width"])

    @torch.inference_mode()
    def compute():
        return network(pixel_values=images, pixel_mask=mask)

    output = compute()
    numbers = [output.logits, output.pred_boxes]
    facts = {"parameters": parameter_counts(model)["parameters"]}
    if not settings["asUsed"]:
        expected = [*numbers, output.pred_masks]
        theirs = take_results(settings["results"], [each.shape for each in expected])
        facts["largestRelativeDifference"] = expect_close(expected, theirs, LARGEST_DIFFERENCE)

        def iterate():
            output = compute()
            output.logits.numpy(), output.pred_boxes.numpy(), output.pred_masks.numpy()

        return facts, iterate

    scores = output.logits.softmax(-1)[..., :-1].amax(-1)
    threshold = between(scores, settings["batch"] * settings["detections"])
    masks = masks_of_original(output.pred_masks[scores > threshold], size[1:], source)
    *others, drawn = take_results(settings["results"], [*(each.shape for each in numbers), masks.shape])
    facts["largestRelativeDifference"] = expect_close(numbers, others, LARGEST_DIFFERENCE)
    facts["differingPixels"] = expect_same_pixels(masks, drawn > 0)
    del output

    def iterate():
        with torch.inference_mode():
            processor.post_process_instance_segmentation(
                compute(), threshold=threshold, target_sizes=[source] * settings["batch"]
            )

    return facts, iterate


def between(scores, count):
    """A number that `count` of the scores are above."""
    highest = scores.flatten().sort(descending=True).values
    return ((highest[count - 1] + highest[count]) / 2).item()


@torch.inference_mode()
def masks_of_original(logits, padded, source):
    """Masks [N, height, width] at the image's own size, as the original makes them of logits [N, h, w]."""
    full = functional.interpolate(logits[None], padded, mode="bilinear", align_corners=False)
    return functional.interpolate((full.sigmoid() > 0.5).float(), source, mode="nearest")[0] > 0


def expect_same_pixels(masks, theirs):
    """The share of pixels that are inside on one side only."""
    share = (masks != theirs).float().mean().item()
    if not share <= MOST_DIFFERING_PIXELS:
        raise ValueError(f"the two sides compute different things: {share:.2g} of the masks' pixels differ")
    return share


serve(prepare)
