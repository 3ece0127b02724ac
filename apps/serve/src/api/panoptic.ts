import * as z from "zod";
import { base64Image } from "./detections.ts";

const threshold = z
  .number()
  .min(0)
  .max(1)
  .optional()
  .meta({ description: "Segments come from predictions with a higher score. Default the model's: 0.85 for DETR." });
const model = z.string().min(1).max(200).optional().meta({ description: "Which model. Default: the server's first." });

/** One segment of a panoptic answer. */
const segmentSchema = z
  .object({
    id: z.int().min(1).meta({ description: "What its pixels have in the picture of ids." }),
    label: z.string().meta({ description: "Name of the class." }),
    labelId: z.int().meta({ description: "The class's id in the data that the model was trained on." }),
    isThing: z.boolean().meta({ description: "One object; stuff (sky, grass) is one segment of all its pixels." }),
    score: z.number().min(0).max(1),
    area: z.int().min(0).meta({ description: "Pixels." }),
  })
  .meta({ id: "Segment" });

/** The query of `POST /v1/panoptic`, whatever the body. */
export const panopticQuery = z.strictObject({ model, threshold });

/** The JSON body of `POST /v1/panoptic`. It may say what the query says; the query comes first. */
export const panopticJsonBody = z
  .strictObject({ model, threshold, image: base64Image })
  .meta({ id: "PanopticRequest" });

/** The answer of `POST /v1/panoptic`. */
export const panopticAnswer = z
  .object({
    model: z.string(),
    width: z.int().min(1),
    height: z.int().min(1),
    png: z.string().meta({
      description:
        "A PNG of the image's size in base64: the id of each pixel's segment is red + 256 green + 65536 blue, " +
        "as in COCO's panoptic files; 0 is none.",
    }),
    segments: z.array(segmentSchema),
  })
  .meta({ id: "PanopticAnswer" });

/** The JSON body of `POST /image-segmentation`, as Hugging Face's clients send it; others send the bytes. */
export const imageSegmentationBody = z
  .object({
    inputs: base64Image,
    parameters: z.object({ threshold, subtask: z.literal("panoptic").optional() }).optional(),
  })
  .meta({ id: "ImageSegmentationRequest" });

/** The query of `POST /image-segmentation`. */
export const imageSegmentationQuery = z.strictObject({ threshold });

/** The answer of `POST /image-segmentation`. */
export const imageSegmentationAnswer = z
  .array(
    z.object({
      score: z.number().min(0).max(1),
      label: z.string(),
      mask: z.string().meta({ description: "A PNG of one channel in base64: 255 where the segment is, else 0." }),
    }),
  )
  .meta({ id: "ImageSegmentationAnswer" });
