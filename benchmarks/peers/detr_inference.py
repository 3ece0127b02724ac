"""DETR-R50 in PyTorch, from images to the numbers of its last layer."""
import torch
from hugging_face_detr import detr_r50
from serving import serve
from workload import noise_images, parameter_counts


def prepare(settings):
    torch.set_num_threads(settings["threads"])
    model = detr_r50().eval()
    images = noise_images(settings)
    mask = torch.ones(images.shape[0], *images.shape[2:], dtype=torch.long)

    def iterate():
        with torch.inference_mode():
            output = model(pixel_values=images, pixel_mask=mask)
        output.logits.numpy(), output.pred_boxes.numpy()

    return {"parameters": parameter_counts(model)["parameters"]}, iterate


serve(prepare)
