import * as z from "zod";
import { base64Image, boxSchema, filterShape } from "./detections.ts";

/** The JSON body of `POST /`, as Hugging Face's clients for object detection send it; others send the bytes. */
export const huggingFaceBody = z
  .object({ inputs: base64Image, parameters: z.object({ threshold: filterShape.threshold }).optional() })
  .meta({ id: "HuggingFaceRequest" });

/** The query of `POST /`. */
export const huggingFaceQuery = z.strictObject(filterShape);

/** The answer of `POST /`. */
export const huggingFaceAnswer = z
  .array(z.object({ score: z.number().min(0).max(1), label: z.string(), box: boxSchema }))
  .meta({ id: "HuggingFaceAnswer" });
