import * as z from "zod";

/** A box in pixels of the image as it was sent. */
export const boxSchema = z
  .object({ xmin: z.number(), ymin: z.number(), xmax: z.number(), ymax: z.number() })
  .meta({ id: "Box", description: "Pixels of the image as it was sent, EXIF orientation applied." });

/** The pixels of an object, as COCO's files and tools have them. */
export const maskSchema = z
  .object({
    size: z
      .tuple([z.int().min(1), z.int().min(1)])
      .readonly()
      .meta({ description: "Height and width of the image." }),
    counts: z.string().meta({ description: "COCO's compressed run lengths, column by column." }),
  })
  .meta({ id: "Mask", description: "The object's pixels in the image as it was sent; pycocotools reads it as it is." });

/** One object that was found. */
export const detectionSchema = z
  .object({
    label: z.string().meta({ description: "Name of the class." }),
    labelId: z.int().meta({ description: "The class's id in the data that the model was trained on." }),
    score: z.number().min(0).max(1),
    box: boxSchema,
    mask: maskSchema.optional().meta({ description: "Of a model with masks, unless the request leaves them out." }),
  })
  .meta({ id: "Detection" });

/** Where the time of an image went. */
export const timingSchema = z
  .object({
    queueMs: z.number().min(0).meta({ description: "Waited for its batch." }),
    decodeMs: z.number().min(0).meta({ description: "Decoding of the file." }),
    inferenceMs: z.number().min(0).meta({ description: "Transforms, model and post-processing of its batch." }),
    batchSize: z.int().min(1).meta({ description: "Images that went through the model together with it." }),
  })
  .meta({ id: "Timing" });

/** What was found in one image. */
export const detectedImageSchema = z
  .object({
    width: z.int().min(1),
    height: z.int().min(1),
    detections: z.array(detectionSchema).meta({ description: "Highest score first." }),
    timing: timingSchema,
  })
  .meta({ id: "DetectedImage" });

/** Answer to the bytes of one image. */
export const detectOneAnswer = detectedImageSchema
  .extend({ model: z.string().meta({ description: "Name of the model that answered." }) })
  .meta({ id: "DetectOneAnswer" });

/** Answer to several images, in their order. */
export const detectManyAnswer = z
  .object({
    model: z.string(),
    images: z.array(
      detectedImageSchema.extend({
        name: z.string().optional().meta({ description: "As the request named the image; absent where it did not." }),
      }),
    ),
  })
  .meta({ id: "DetectManyAnswer" });

/** Scores, counts and names that choose detections; the defaults are those of `detector.detect`. */
export const filterShape = {
  threshold: z.number().min(0).max(1).optional().meta({ description: "Lowest score. Default 0.5." }),
  limit: z.int().min(0).max(10_000).optional().meta({ description: "Most detections of an image. Default: all." }),
};

const model = z.string().min(1).max(200).optional().meta({ description: "Which model. Default: the server's first." });

/** Whether a model with masks gives them. */
export const masksOption = z
  .boolean()
  .optional()
  .meta({ description: "Whether detections have masks, where the model has them. Default: true." });

/** The query of `POST /v1/detect`, whatever the body. */
export const detectQuery = z.strictObject({
  model,
  ...filterShape,
  masks: masksOption,
  labels: z
    .array(z.string().min(1).max(200))
    .max(1000)
    .optional()
    .meta({ description: "Names of classes; repeat the parameter for several. Default: all." }),
});

/** Base64 in its usual alphabet; lengths and padding are checked where it is decoded. */
export const base64Image = z
  .string()
  .min(4)
  .meta({ description: "The bytes of an image file in base64 (or a data: address of them)." });

/** The JSON body of `POST /v1/detect`. It may say what the query says; the query comes first. */
export const detectJsonBody = z
  .strictObject({
    ...detectQuery.shape,
    images: z
      .array(z.strictObject({ data: base64Image, name: z.string().max(200).optional() }))
      .min(1)
      .max(1000),
  })
  .meta({ id: "DetectRequest" });
