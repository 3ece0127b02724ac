"""A detector of Hugging Face transformers in PyTorch, from images to the numbers of its last layer."""
import torch
from hugging_face_detr import detector
from serving import serve
from workload import noise_images, parameter_counts


def prepare(settings):
    torch.set_num_threads(settings["threads"])
    model = detector(settings["model"]).eval()
    images = noise_images(settings)
    mask = torch.ones(images.shape[0], *images.shape[2:], dtype=torch.long)

    def iterate():
        with torch.inference_mode():
            output = model(pixel_values=images, pixel_mask=mask)
        output.logits.numpy(), output.pred_boxes.numpy()

    return {"parameters": parameter_counts(model)["parameters"]}, iterate


serve(prepare)
