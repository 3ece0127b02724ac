import { postProcess, postProcessTopK } from "@detrkit/detr";
import { type Comparison, type Fixture, tensorOf } from "@detrkit/test-utils/recorded";
import { tensor, type Tensor3D } from "@tensorflow/tfjs-core";
import { compareDetections, sourceSizes } from "./detections.ts";

/**
 * Raw predictions to detections: softmax for each query, or the highest sigmoid scores where the case says how many.
 */
export async function run(fixture: Fixture): Promise<readonly Comparison[]> {
  const { topk } = fixture.json["config"] as { readonly topk: number | null };
  const input = (name: string): Tensor3D => {
    const { data, shape } = tensorOf(fixture, name);
    return tensor(data, shape as [number, number, number], "float32");
  };
  const output = { logits: input("in.pred_logits"), boxes: input("in.pred_boxes") };
  const sizes = sourceSizes(fixture);
  const images = topk === null ? await postProcess(output, sizes) : await postProcessTopK(output, sizes, topk);
  return images.flatMap((image, index) =>
    compareDetections(fixture, image, (what) => `out.${what}.${index}`, { ranked: topk !== null }),
  );
}
