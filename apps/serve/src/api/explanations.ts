import * as z from "zod";
import { base64Image, detectionSchema, filterShape } from "./detections.ts";

const pointSchema = z.strictObject({ x: z.number().min(0), y: z.number().min(0) }).meta({ id: "Point" });

/** What a query looked at: every cell of a map (DETR), or places that it sampled (Deformable DETR). */
export const attentionSchema = z
  .discriminatedUnion("kind", [
    z.object({
      kind: z.literal("dense"),
      width: z.int().min(1),
      height: z.int().min(1),
      weights: z.array(z.number()).meta({ description: "Of cells that cover the image, row by row; together 1." }),
    }),
    z.object({
      kind: z.literal("sampled"),
      points: z
        .array(z.object({ x: z.number(), y: z.number(), weight: z.number(), head: z.int(), level: z.int() }))
        .meta({ description: "In pixels of the image; they may lie outside of it. Weights are 1 together." }),
    }),
  ])
  .meta({ id: "Attention" });

const layer = z.int().min(0).max(100).optional();
const layers = {
  decoderLayer: layer.meta({ description: "From 0. Default: the last one." }),
  encoderLayer: layer.meta({ description: "From 0. Default: the last one." }),
};
const model = z.string().min(1).max(200).optional().meta({ description: "Which model. Default: the server's first." });

/** The query of `POST /v1/explain`, whatever the body. */
export const explainQuery = z.strictObject({
  model,
  ...filterShape,
  ...layers,
  points: z
    .array(
      z
        .string()
        .max(40)
        .regex(/^\d{1,6}(\.\d{1,6})?,\d{1,6}(\.\d{1,6})?$/u),
    )
    .max(100)
    .optional()
    .meta({ description: "Places `x,y` of the image whose encoder attention is wanted; repeat for several." }),
});

/** The JSON body of `POST /v1/explain`. */
export const explainJsonBody = z
  .strictObject({
    model,
    ...filterShape,
    ...layers,
    points: z.array(pointSchema).max(100).optional(),
    image: base64Image,
  })
  .meta({ id: "ExplainRequest" });

/** The answer of `POST /v1/explain`. */
export const explainAnswer = z
  .object({
    model: z.string(),
    width: z.int().min(1),
    height: z.int().min(1),
    decoderLayer: z.int(),
    detections: z
      .array(z.object({ detection: detectionSchema, attention: attentionSchema }))
      .meta({ description: "Highest score first, as POST /v1/detect lists them." }),
    encoderLayer: z.int().optional().meta({ description: "Absent where no points were asked for." }),
    points: z.array(z.object({ point: z.object({ x: z.number(), y: z.number() }), attention: attentionSchema })),
  })
  .meta({ id: "Explanation" });
