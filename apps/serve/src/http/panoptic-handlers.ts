import type * as z from "zod";
import {
  imageSegmentationBody,
  type imageSegmentationAnswer,
  imageSegmentationQuery,
  type panopticAnswer,
  panopticJsonBody,
  panopticQuery,
} from "../api/panoptic.ts";
import type { ModelHost } from "../models/model-host.ts";
import { checkedQuery } from "./check-request.ts";
import type { Handler } from "./handlers.ts";
import { oneImage } from "./sent-images.ts";

const name = "image 1";
const base64Of = (bytes: Uint8Array = new Uint8Array()): string => Buffer.from(bytes).toString("base64");

/**
 * The handlers that part an image into segments.
 *
 * @param hostOf - the model of this name, or the default one
 */
export function panopticHandlers(
  hostOf: (name: string | undefined) => ModelHost,
): Readonly<Record<"panoptic" | "imageSegmentation", Handler>> {
  return {
    panoptic: async (request, _, gone): Promise<z.infer<typeof panopticAnswer>> => {
      const query = checkedQuery(panopticQuery, request);
      const { bytes, body } = oneImage(request, panopticJsonBody, "image");
      const { model, threshold } = { ...body, ...query };
      const host = hostOf(model);
      const { width, height, segments, ids } = await host.segment({ name, bytes, threshold, as: "ids" }, gone);
      return { model: host.name, width, height, png: base64Of(ids), segments: [...segments] };
    },
    imageSegmentation: async (request, _, gone): Promise<z.infer<typeof imageSegmentationAnswer>> => {
      const query = checkedQuery(imageSegmentationQuery, request);
      const { bytes, body } = oneImage(request, imageSegmentationBody, "inputs");
      const { threshold } = { ...body?.parameters, ...query };
      const { segments } = await hostOf(undefined).segment({ name, bytes, threshold, as: "masks" }, gone);
      return segments.map(({ score, label, mask }) => ({ score, label, mask: base64Of(mask) }));
    },
  };
}
