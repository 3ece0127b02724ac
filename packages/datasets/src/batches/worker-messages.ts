import { realpathSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { ConfigError, DataError, DetrkitError } from "@detrkit/common";
import { type OperationData, operationsFromData, operationsToData } from "@detrkit/image";
import { isPixels, loadPicture, pixelDefinition, type Picture, type PixelSource } from "../pixel-source.ts";
import type { MaskedRecord } from "../masks/object-masks.ts";
import type { SegmentPicture } from "../masks/segment-picture.ts";
import type { ImageSource, ImageTask, MaskedSource, OtherSource } from "./image-task.ts";

/** Pixels that the worker makes by a source that it imports. */
interface ImportedPixels {
  readonly module: string;
  readonly name: string;
  readonly data: unknown;
}

/** Where the worker has the pixels of a picture from. */
interface PackedSource {
  readonly source: Picture | ImportedPixels;
}

/** Where the worker has an image's pixels and masks from. */
interface PackedImage extends PackedSource {
  readonly objects?: Omit<MaskedRecord, "segments"> & {
    readonly segments?: Omit<SegmentPicture, "source"> & PackedSource;
  };
}

/** An {@link ImageTask} as data. Functions do not cross between threads, so the worker imports them. */
export interface PackedTask extends Omit<ImageTask, "source" | "objects" | "operations" | "others">, PackedImage {
  readonly others: readonly (Omit<OtherSource, "source" | "objects"> & PackedImage)[];
  readonly operations: readonly OperationData[];
}

/** From the main thread to a worker: do this, or forget what of these has not begun. */
export type WorkerRequest =
  | { readonly kind: "run"; readonly id: number; readonly task: PackedTask }
  | { readonly kind: "cancel"; readonly ids: readonly number[] };

/** From a worker: done, or why not. */
export interface WorkerReply {
  readonly id: number;
  readonly error?: { readonly code: string; readonly message: string };
}

/** The program that was started: imported by a worker, it would start once more. */
const mainProgram = ((): string | undefined => {
  try {
    return pathToFileURL(realpathSync(process.argv[1] ?? "")).href;
  } catch {
    return undefined;
  }
})();

const canImport = (module: string): boolean => module !== mainProgram;

/** A task on its way to a worker. */
export interface TaskOnItsWay {
  readonly packed: PackedTask;
  /** Memory that is handed over rather than copied. */
  readonly handedOver: readonly ArrayBuffer[];
}

/**
 * A task as it is sent to a worker; `undefined` where only this thread has a transform that the task needs. What a
 * function gives, or a source without a module, is loaded here: hence the promise.
 *
 * @throws DataError naming the image when that fails, at once or by the promise
 */
export function packTask(task: ImageTask): TaskOnItsWay | Promise<TaskOnItsWay> | undefined {
  const operations = operationsToData(task.operations, canImport);
  if (operations === undefined) return undefined;
  const images = [task, ...task.others].map(picturesOf);
  const withSources = (handed: readonly HandedOver[]): TaskOnItsWay => {
    const left = [...handed];
    const packed = images.map((pictures) => left.splice(0, pictures.length));
    const [own, ...others] = packed.map(([source, segments]) => ({ source, segments }));
    return {
      packed: {
        ...withPictures(task, own as HandedPictures),
        operations,
        others: task.others.map((other, index) => withPictures(other, others[index] as HandedPictures)),
      },
      handedOver: handed.flatMap(({ handedOver }) => handedOver),
    };
  };
  const sources = images.flat().map(packSource);
  // A promise only where one is given, so that a task goes to its worker without waiting for a turn of this thread.
  const ready = sources.filter((source): source is HandedOver => !(source instanceof Promise));
  return ready.length === sources.length ? withSources(ready) : Promise.all(sources).then(withSources);
}

/** The pictures of an image: its own, and that of its masks where there is one. */
function picturesOf({ source, name, objects }: MaskedSource): readonly Pick<ImageSource, "source" | "name">[] {
  const segments = objects?.segments;
  return [{ source, name }, ...(segments === undefined ? [] : [{ source: segments.source, name }])];
}

interface HandedPictures {
  readonly source: HandedOver;
  readonly segments: HandedOver | undefined;
}

function withPictures<Image extends MaskedSource>(
  image: Image,
  { source: { source }, segments: picture }: HandedPictures,
): Omit<Image, "source" | "objects"> & PackedImage {
  const { objects, source: _, ...rest } = image;
  if (objects === undefined) return { ...rest, source };
  const { segments, ...plain } = objects;
  const held = segments && picture && { segments: { ...segments, source: picture.source } };
  return { ...rest, source, objects: { ...plain, ...held } };
}

/** A source as it is sent to a worker, and memory that is handed over with it. */
interface HandedOver extends PackedSource {
  readonly handedOver: readonly ArrayBuffer[];
}

function packSource({
  source,
  name: imageName,
}: Pick<ImageSource, "source" | "name">): HandedOver | Promise<HandedOver> {
  const { name, module } = pixelDefinition(source) ?? {};
  if (name !== undefined && module !== undefined && canImport(module)) {
    const { data } = source as { readonly data: unknown };
    return { source: { module, name, data }, handedOver: [] };
  }
  const picture = loadPicture({ source, name: imageName });
  return picture instanceof Promise ? picture.then(handOver) : handOver(picture);
}

/**
 * A picture to give away. The reader keeps its bytes; they are copied once, alone, since they may be a small part of a
 * large buffer. Shared memory is not copied.
 */
function handOver(picture: Picture): HandedOver {
  if (typeof picture === "string") return { source: picture, handedOver: [] };
  const bytes = isPixels(picture) ? picture.data : picture;
  const shared = bytes.buffer instanceof SharedArrayBuffer;
  const own = shared ? bytes : new Uint8Array(bytes);
  const source = isPixels(picture) ? { width: picture.width, height: picture.height, data: own } : own;
  return { source, handedOver: own.buffer instanceof ArrayBuffer ? [own.buffer] : [] };
}

/** In a worker: the task that was packed, with the functions that it needs. */
export async function unpackTask({ operations, others, ...task }: PackedTask): Promise<ImageTask> {
  return {
    ...(await unpackImage(task)),
    others: await Promise.all(others.map(unpackImage)),
    operations: await operationsFromData(operations, importModule),
  };
}

async function unpackImage<Image extends PackedImage>({
  source,
  objects,
  ...image
}: Image): Promise<Omit<Image, "source" | "objects"> & Pick<MaskedSource, "source" | "objects">> {
  const own = { ...image, source: await unpackSource(source) };
  if (objects === undefined) return own;
  const { segments, ...plain } = objects;
  const held = segments && { segments: { ...segments, source: await unpackSource(segments.source) } };
  return { ...own, objects: { ...plain, ...held } };
}

const unpackSource = async (source: PackedSource["source"]): Promise<PixelSource> =>
  isImported(source) ? await importedPixels(source) : source;

const isImported = (source: PackedTask["source"]): source is ImportedPixels =>
  typeof source === "object" && "module" in source;

async function importedPixels({ module, name, data }: ImportedPixels): Promise<PixelSource> {
  const definition = Object.values(await importModule(module))
    .map(pixelDefinition)
    .find((exported) => exported?.name === name);
  if (definition !== undefined) return () => definition.load(data);
  throw new ConfigError(
    `pixel source "${name}": ${module} does not export it; export what definePixelSource returned, ` +
      "or leave its module out: then it runs in the thread that trains",
  );
}

/** What this thread has imported: asking the module loader for every image would take longer than some images do. */
const imported = new Map<string, Promise<Readonly<Record<string, unknown>>>>();

function importModule(module: string): Promise<Readonly<Record<string, unknown>>> {
  const known = imported.get(module);
  if (known !== undefined) return known;
  // Named by a program of the user's that runs already, never by data.
  const exports = (import(/* @vite-ignore */ module) as Promise<Readonly<Record<string, unknown>>>).catch(
    (cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ConfigError(`${module}: a thread that reads images cannot import it: ${reason}`, { cause });
    },
  );
  imported.set(module, exports);
  return exports;
}

/** An error as it crosses between threads, which keep neither its class nor its fields. */
export function packError(error: unknown, name: string): NonNullable<WorkerReply["error"]> {
  if (DetrkitError.isInstance(error)) return { code: error.code, message: error.message };
  return {
    code: "ERR_DATA",
    message: `${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  };
}

export function unpackError({ code, message }: NonNullable<WorkerReply["error"]>): DetrkitError {
  if (code === "ERR_DATA") return new DataError(message);
  return code === "ERR_CONFIG" ? new ConfigError(message) : new DetrkitError(code, message);
}
