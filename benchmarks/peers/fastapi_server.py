"""A detector over HTTP as one writes it with FastAPI and Hugging Face transformers: fastapi_server.py FOLDER THREADS.

It takes what detrkit-serve takes, a form with a photograph, and answers in the same words.
"""
import sys
from contextlib import asynccontextmanager

import torch
import uvicorn
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, UploadFile
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForObjectDetection
from workload import parameter_counts

folder, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
model = AutoModelForObjectDetection.from_pretrained(folder).eval()
processor = AutoImageProcessor.from_pretrained(folder)

# FastAPI's own forty would hold sixteen images in Deformable DETR at once: more than 1 GB each.
IMAGES_AT_ONCE = 4


@asynccontextmanager
async def with_small_pool(_):
    current_default_thread_limiter().total_tokens = IMAGES_AT_ONCE
    yield


app = FastAPI(lifespan=with_small_pool)


@app.post("/v1/detect")
def detect(image: UploadFile, threshold: float = 0.5):
    """Not async, so FastAPI calls it in its thread pool."""
    photograph = Image.open(image.file).convert("RGB")
    inputs = processor(images=photograph, return_tensors="pt")
    with torch.inference_mode():
        output = model(**inputs)
    size = (photograph.height, photograph.width)
    (found,) = processor.post_process_object_detection(output, threshold=threshold, target_sizes=[size])
    detections = [
        {
            "label": model.config.id2label[label],
            "score": score,
            "box": dict(zip(("xmin", "ymin", "xmax", "ymax"), box)),
        }
        for label, score, box in zip(found["labels"].tolist(), found["scores"].tolist(), found["boxes"].tolist())
    ]
    return {"images": [{"width": photograph.width, "height": photograph.height, "detections": detections}]}


print(f"{parameter_counts(model)['parameters']} parameters", file=sys.stderr, flush=True)
uvicorn.run(app, host="127.0.0.1", port=0, access_log=False)
