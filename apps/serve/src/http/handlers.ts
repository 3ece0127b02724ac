import { createReadStream } from "node:fs";
import type { FastifyReply, FastifyRequest } from "fastify";
import type * as z from "zod";
import { detectJsonBody, type detectManyAnswer, type detectOneAnswer, detectQuery } from "../api/detections.ts";
import { explainJsonBody, explainQuery } from "../api/explanations.ts";
import { huggingFaceBody, huggingFaceQuery } from "../api/hugging-face.ts";
import { inferBody } from "../api/inference-protocol.ts";
import { filePath, modelPath } from "../api/models.ts";
import { Problem } from "../api/problems.ts";
import type { RouteName } from "../api/routes.ts";
import type { DetectionFilter, ImageToDetect } from "../engine/engine.ts";
import type { ModelHost } from "../models/model-host.ts";
import { detectedImage, modelAnswer } from "./answers.ts";
import { jsonLengthHeader, tensorBody } from "./binary-tensors.ts";
import { checked, checkedJson, checkedQuery, contentType } from "./check-request.ts";
import { inputImages } from "./input-images.ts";
import { describeModel, inferenceAnswer, wantsMasks } from "./inference-protocol.ts";
import type { Keys } from "./keys.ts";
import type { Metrics } from "./metrics.ts";
import { panopticHandlers } from "./panoptic-handlers.ts";
import {
  calledImage,
  expectFewImages,
  filesOfForm,
  fromBase64,
  imageBody,
  type ImageLimits,
  isImage,
  oneImage,
  type SentImage,
} from "./sent-images.ts";

/** What the handlers of requests work on. */
export interface HandlerParts {
  /** By name, the default one first. */
  readonly hosts: ReadonlyMap<string, ModelHost>;
  readonly limits: ImageLimits;
  readonly keys: Keys;
  readonly metrics: Metrics;
  readonly version: string;
}

/** Gives the body of a 200. `gone` is aborted when the client leaves. */
export type Handler = (request: FastifyRequest, reply: FastifyReply, gone: AbortSignal) => Promise<unknown>;

/** Images as a model's host takes them. */
function named(images: readonly SentImage[], filter: DetectionFilter): ImageToDetect[] {
  return images.map((image, index) => {
    const { bytes, pixels } = image;
    return { name: calledImage(image, index), bytes, pixels, filter };
  });
}

/** The handler of every operation. */
export function createHandlers({ hosts, limits, keys, metrics, version }: HandlerParts): Record<RouteName, Handler> {
  const hostOf = (name: string | undefined): ModelHost => {
    const host = name === undefined ? hosts.values().next().value : hosts.get(name);
    if (host !== undefined) return host;
    throw new Problem("unknown-model", `model: expected one of ${[...hosts.keys()].join(", ")}, got ${name}`);
  };
  const hostInPath = (request: FastifyRequest): ModelHost => hostOf(checked(modelPath, request.params, "path").name);
  const detect = async (
    host: ModelHost,
    images: readonly SentImage[],
    filter: DetectionFilter,
    gone: AbortSignal,
  ): Promise<z.infer<typeof detectManyAnswer>> => {
    const found = await host.detect(named(images, filter), gone);
    return { model: host.name, images: found.map((one, index) => detectedImage(one, images[index]?.name)) };
  };
  const detectOne = async (
    host: ModelHost,
    image: SentImage,
    filter: DetectionFilter,
    gone: AbortSignal,
  ): Promise<z.infer<typeof detectOneAnswer>> => {
    const { model, images } = await detect(host, [image], filter, gone);
    return { model, ...(images[0] as (typeof images)[number]) };
  };
  const expectAllReady = (): void => {
    const waiting = [...hosts.values()].filter(({ ready }) => !ready).map(({ name }) => name);
    if (waiting.length > 0) throw new Problem("not-ready", `Not ready: ${waiting.join(", ")}.`, { retryAfter: 2 });
  };

  return {
    detect: async (request, _, gone) => {
      const { model, ...filter } = checkedQuery(detectQuery, request);
      if (isImage(request)) return await detectOne(hostOf(model), imageBody(request, []), filter, gone);
      if (contentType(request) === "multipart/form-data") {
        const host = hostOf(model);
        return await detect(host, await filesOfForm(request, limits), filter, gone);
      }
      if (contentType(request) !== "application/json") imageBody(request, ["multipart/form-data", "application/json"]);
      const body = checkedJson(detectJsonBody, request);
      expectFewImages(body.images.length, limits);
      const images = body.images.map(({ data, name }, index) => ({
        name,
        bytes: fromBase64(data, `body.images.${index}.data`),
      }));
      const { threshold, limit, labels, masks } = { ...body, ...filter };
      return await detect(hostOf(model ?? body.model), images, { threshold, limit, labels, masks }, gone);
    },

    explain: async (request, _, gone) => {
      const query = checkedQuery(explainQuery, request);
      const { bytes, body } = oneImage(request, explainJsonBody, "image");
      const points = query.points?.map((text) => {
        const [x = 0, y = 0] = text.split(",").map(Number);
        return { x, y };
      });
      const {
        model,
        image: _image,
        ...asked
      } = { ...body, ...query, ...(points && { points }) } as typeof query & {
        readonly image?: string;
        readonly points?: readonly { readonly x: number; readonly y: number }[];
      };
      const host = hostOf(model);
      const options = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
      return { model: host.name, ...(await host.explain({ name: "image 1", bytes, options }, gone)) };
    },

    huggingFace: async (request, _, gone) => {
      const query = checkedQuery(huggingFaceQuery, request);
      const { bytes, body } = oneImage(request, huggingFaceBody, "inputs");
      const filter = { threshold: body?.parameters?.threshold, ...query, masks: false };
      const { detections } = await detectOne(hostOf(undefined), { bytes }, filter, gone);
      return detections.map(({ score, label, box }) => ({ score, label, box }));
    },

    ...panopticHandlers(hostOf),

    models: () => Promise.resolve({ models: [...hosts.values()].map(modelAnswer) }),
    model: (request) => Promise.resolve(modelAnswer(hostInPath(request))),

    modelFile: async (request, reply) => {
      const { file, name } = checked(filePath, request.params, "path");
      const { serving } = hostOf(name);
      if (serving === undefined) throw new Problem("not-ready", `${name} is being loaded.`, { retryAfter: 2 });
      const { safetensors, beside, version } = serving.files;
      const path = file === "model.safetensors" ? safetensors?.path : beside.get(file);
      if (path === undefined) throw new Problem("no-such-file", `${name} has no ${file} that a browser could load.`);
      void reply.header("etag", `"${version}"`).header("cache-control", "private, no-cache");
      if (request.headers["if-none-match"] === `"${version}"`) return reply.code(304).send();
      void reply.type(file.endsWith(".json") ? "application/json" : "application/octet-stream");
      if (path === safetensors?.path) void reply.header("content-length", String(safetensors.bytes));
      return reply.send(createReadStream(path));
    },

    reload: async (request) => {
      if (!keys.required)
        throw new Problem("reload-not-allowed", "Start the server with a key (--api-key-file), or send it SIGHUP.");
      const host = hostInPath(request);
      return { name: host.name, version: await host.reload() };
    },

    protocolServer: () => Promise.resolve({ name: "detrkit-serve", version, extensions: ["binary_tensor_data"] }),
    protocolLive: () => Promise.resolve({ live: true }),
    protocolReady: () => {
      expectAllReady();
      return Promise.resolve({ ready: true });
    },
    protocolModel: (request) => {
      const { name, serving } = hostInPath(request);
      return Promise.resolve(describeModel(name, serving?.files.version, serving?.child.model.hasMasks === true));
    },
    protocolModelReady: (request) => {
      const { name, ready } = hostInPath(request);
      if (!ready) throw new Problem("not-ready", `${name} is not ready.`, { retryAfter: 2 });
      return Promise.resolve({ name, ready });
    },
    protocolInfer: async (request, reply, gone) => {
      const host = hostInPath(request);
      const { json, binary } = tensorBody(request);
      const body = checked(inferBody, json, "body");
      const images = body.inputs.flatMap((input) => inputImages(input, binary, limits));
      const { threshold, limit } = body.parameters ?? {};
      const found = await host.detect(named(images, { threshold, limit, masks: wantsMasks(body) }), gone);
      const { files, child } = host.serving ?? {};
      const model = { name: host.name, version: files?.version ?? "", hasMasks: child?.model.hasMasks === true };
      const answered = inferenceAnswer(
        body,
        model,
        found.map(({ answer }) => answer),
      );
      if (answered.binary.length === 0) return answered.json;
      const head = Buffer.from(JSON.stringify(answered.json));
      void reply.header(jsonLengthHeader, String(head.length)).type("application/octet-stream");
      return Buffer.concat([head, ...answered.binary]);
    },

    healthz: () => Promise.resolve({ live: true }),
    readyz: () => {
      expectAllReady();
      return Promise.resolve({ ready: true });
    },
    metrics: async (_, reply) => {
      const { type, body } = await metrics.text();
      void reply.type(type);
      return body;
    },
  };
}
