"""What Transformers makes of a folder that detrkit wrote: its answer for a photo, and the model as it saves it again.

    python transformers_answers.py FOLDER PHOTO OUTPUT

OUTPUT gets `answer.safetensors` (pixels as the model's own image processor prepares them, logits, boxes, masks),
`detections.json` (its post-processing, all scores) and `saved`, the folder of save_pretrained. Keys that do not fit
end the program. FOLDER may hold `original.safetensors` too: OUTPUT then gets it as `original.pth`, as torch.save
writes the checkpoints of the authors' code, and its backbone as `resnet.pth`, as it writes torchvision's weights.
"""
import argparse
import json
import sys
from pathlib import Path

import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import AutoImageProcessor, AutoModelForObjectDetection, DetrForSegmentation

folder, photo, output = (Path(argument) for argument in sys.argv[1:4])
output.mkdir(parents=True, exist_ok=True)

original = folder / "original.safetensors"
if original.exists():
    with safe_open(original, "pt") as file:
        settings = json.loads(file.metadata()["detrkit.settings"])
    options = argparse.Namespace(nheads=settings["heads"], num_queries=settings["numQueries"],
                                 dilation=settings["dilateLastStage"])
    state_dict = load_file(original)
    torch.save({"model": state_dict, "args": options, "epoch": 49}, output / "original.pth")
    # Beside a mask head the detector is a part of the model.
    of_detector = {key.removeprefix("detr."): tensor for key, tensor in state_dict.items()}
    body = "backbone.0.body."
    resnet = {key.removeprefix(body): tensor for key, tensor in of_detector.items() if key.startswith(body)}
    torch.save(resnet | {"fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}, output / "resnet.pth")

architecture = json.loads((folder / "config.json").read_text())["architectures"][0]
kind = DetrForSegmentation if architecture == "DetrForSegmentation" else AutoModelForObjectDetection
model, loading = kind.from_pretrained(folder, output_loading_info=True)
wrong = {what: list(keys) for what, keys in loading.items() if len(keys) > 0}
if wrong:
    sys.exit(f"from_pretrained: {wrong}")
model.eval()
processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
image = Image.open(photo).convert("RGB")
inputs = processor(images=image, return_tensors="pt")
with torch.no_grad():
    answer = model(**inputs)
sizes = torch.tensor([[image.height, image.width]])
(found,) = processor.post_process_object_detection(answer, threshold=0.0, target_sizes=sizes)
save_file(
    {
        "pixels": inputs["pixel_values"].permute(0, 2, 3, 1).contiguous(),
        "logits": answer.logits.contiguous(),
        "boxes": answer.pred_boxes.contiguous(),
        **({"masks": answer.pred_masks.contiguous()} if kind is DetrForSegmentation else {}),
    },
    output / "answer.safetensors",
)
detections = [
    {"label": model.config.id2label[int(label)], "score": float(score), "box": box.tolist()}
    for score, label, box in zip(found["scores"], found["labels"], found["boxes"])
]
(output / "detections.json").write_text(json.dumps(detections))
model.save_pretrained(output / "saved")
processor.save_pretrained(output / "saved")
