import {
  CheckpointFile,
  hasMetadata,
  isHuggingFace,
  openSafetensorsBytes,
  type SafetensorsFile,
} from "@detrkit/checkpoint/browser";
import { BackendError } from "@detrkit/common";
import { ready } from "@tensorflow/tfjs-core";
import { detectorOfCheckpoint, detectorOfStateDict, type DetectorOptions } from "./build-detector.ts";
import { decodeInBrowser } from "./browser-images.ts";
import type { Detector } from "./detector.ts";
import { bytesOf, type FetchOptions, request } from "./fetch-bytes.ts";
import { type HuggingFaceConfig, huggingFaceConfig, jsonObject } from "./hugging-face-config.ts";

/** What {@link loadDetector} can't read from a file, and how the file is fetched. */
export type LoadDetectorOptions = DetectorOptions & FetchOptions;

/** Where weights are: an address, an answer of `fetch`, or the file's bytes. */
export type DetectorSource = string | URL | Response | ArrayBuffer | Uint8Array<ArrayBuffer>;

/**
 * Loads a detector without Node, onto the running tfjs backend: a checkpoint, or a `.safetensors` state dict of
 * facebookresearch/detr or fundamentalvision/Deformable-DETR, or of Hugging Face's Transformers with its `config.json`
 * beside it.
 *
 * @throws CheckpointError naming the address where the file can't be fetched, is damaged or none of these; BackendError
 *   where tfjs has no backend; the signal's reason when it stopped this
 */
export async function loadDetector(source: DetectorSource, options: LoadDetectorOptions = {}): Promise<Detector> {
  await expectBackend();
  const name = nameOf(source);
  const file = await openSafetensorsBytes(await contentOf(source, name, options), name);
  options.signal?.throwIfAborted();
  if (hasMetadata(file.metadata))
    return await detectorOfCheckpoint(new CheckpointFile(file), name, options, decodeInBrowser);
  const beside = await besideOf(file, options.signal);
  const { tensors } = await file.readAll();
  return await detectorOfStateDict(tensors, name, { ...beside, ...options }, decodeInBrowser);
}

/** tfjs starts the best of the imported backends by itself, but says little where there is none. */
async function expectBackend(): Promise<void> {
  try {
    await ready();
  } catch (cause) {
    throw new BackendError(
      "loadDetector: tfjs has no backend; import @tensorflow/tfjs-backend-webgl or -webgpu, or call startWasmBackend " +
        "of @detrkit/backend/wasm first",
      { cause },
    );
  }
}

function nameOf(source: DetectorSource): string {
  if (typeof source === "string") return source;
  if (source instanceof URL) return source.href;
  if (source instanceof Response) return source.url === "" ? "the response" : source.url;
  return "the given bytes";
}

async function contentOf(
  source: DetectorSource,
  name: string,
  options: FetchOptions,
): Promise<ArrayBuffer | Uint8Array<ArrayBuffer>> {
  if (typeof source === "string" || source instanceof URL)
    return await bytesOf(await request(name, options.signal), name, options);
  return source instanceof Response ? await bytesOf(source, name, options) : source;
}

/** The settings that lie beside weights of Transformers. Nothing where the file came from no address, or lies alone. */
async function besideOf(
  file: SafetensorsFile,
  signal: AbortSignal | undefined,
): Promise<HuggingFaceConfig | undefined> {
  if (!isHuggingFace(file.entries.keys())) return undefined;
  const read = async (name: string): Promise<ReturnType<typeof jsonObject> | undefined> => {
    const address = addressBeside(file.path, name);
    if (address === undefined) return undefined;
    const response = await request(address, signal);
    if (response.status === 404) return undefined;
    return jsonObject(new TextDecoder().decode(await bytesOf(response, address)), address);
  };
  const config = await read("config.json");
  if (config === undefined) return undefined;
  const preprocessor = (await read("preprocessor_config.json")) ?? {};
  return huggingFaceConfig(config, preprocessor, addressBeside(file.path, "config.json") ?? file.path);
}

/** A file's neighbour, relative addresses seen from the page. */
function addressBeside(file: string, name: string): string | undefined {
  const page = (globalThis as { readonly location?: { readonly href: string } }).location?.href;
  return URL.canParse(file, page) ? new URL(name, new URL(file, page)).href : undefined;
}
