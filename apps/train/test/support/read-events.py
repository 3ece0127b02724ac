# Reads a folder of event files with TensorBoard's own package and prints what is in it as JSON.
import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0})
events.Reload()
tags = events.Tags()
print(
    json.dumps(
        {
            "scalars": {tag: [[s.step, s.value] for s in events.Scalars(tag)] for tag in tags["scalars"]},
            "images": {
                tag: [[i.step, i.width, i.height, len(i.encoded_image_string)] for i in events.Images(tag)]
                for tag in tags["images"]
            },
        }
    )
)
