import { CheckpointError } from "@detrkit/common";
import { problemOfKeys } from "./header-keys.ts";
import { sizeOfShape } from "./tensor-data.ts";

/** Bytes of one element by the format's dtype names, including those that detrkit does not read. */
const bytesByDtype: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
};

/** The format's own limit. It prevents a damaged length from asking for gigabytes. */
const maximumHeaderBytes = 100_000_000;

/** Type, shape and place of one tensor in a safetensors file. */
export interface SafetensorsEntry {
  /** As named in the file: `F32`, `BF16`, … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** First byte, counted from the start of the file. */
  readonly start: number;
  readonly byteLength: number;
}

export interface SafetensorsHeader {
  /** In the order of the file's header. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads the header's length from the first eight bytes.
 *
 * @param fileBytes - size of the whole file
 * @param source - the file's name in errors
 */
export function parseHeaderLength(prefix: Uint8Array, fileBytes: number, source: string): number {
  if (prefix.byteLength < 8) {
    throw new CheckpointError(
      `${source}: expected a safetensors file, got one of ${fileBytes} bytes; even an empty one has more than 8`,
    );
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  if (length > maximumHeaderBytes) {
    throw new CheckpointError(
      `${source}: is not a safetensors file: its first 8 bytes give a header of ${length} bytes ` +
        `(at most ${maximumHeaderBytes} are allowed). PyTorch's .pth files are read with readPth`,
    );
  }
  if (Number(length) > fileBytes - 8) {
    throw new CheckpointError(
      `${source}: is truncated or not a safetensors file: its header should be ${length} bytes long, ` +
        `${fileBytes - 8} are there. Fetch or copy it again`,
    );
  }
  return Number(length);
}

/** Reads and checks a header. Every byte after it must belong to exactly one tensor. */
export function parseHeader(header: Uint8Array, fileBytes: number, source: string): SafetensorsHeader {
  const raw = parseJson(header, source);
  const dataStart = 8 + header.byteLength;
  const entries = new Map<string, SafetensorsEntry>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (name === "__metadata__") metadata = parseMetadata(value, source);
    else entries.set(name, parseEntry(value, dataStart, `${source}: tensor "${name}"`));
  }
  checkCoverage(entries, dataStart, fileBytes, source);
  return { entries, metadata };
}

function parseJson(header: Uint8Array, source: string): Record<string, unknown> {
  let value: unknown;
  let problem: string | undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(header);
    problem = problemOfKeys(text);
    value = problem === undefined ? JSON.parse(text) : undefined;
  } catch (cause) {
    throw new CheckpointError(`${source}: is not a safetensors file: its header is not JSON in UTF-8`, { cause });
  }
  if (problem !== undefined)
    throw new CheckpointError(
      `${source}: is damaged, or forged so that programs read it differently: its header ${problem}`,
    );
  if (!isRecord(value))
    throw new CheckpointError(`${source}: is not a safetensors file: its header is not a JSON object`);
  return value;
}

function parseMetadata(value: unknown, source: string): Record<string, string> {
  if (!isRecord(value) || !Object.values(value).every((text) => typeof text === "string")) {
    throw new CheckpointError(`${source}: __metadata__ must map names to strings`);
  }
  return value as Record<string, string>;
}

function parseEntry(value: unknown, dataStart: number, what: string): SafetensorsEntry {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {};
  const bytes = typeof dtype === "string" && Object.hasOwn(bytesByDtype, dtype) ? bytesByDtype[dtype] : undefined;
  if (typeof dtype !== "string" || bytes === undefined)
    throw new CheckpointError(`${what} has dtype ${shown(dtype)}, which safetensors does not know`);
  if (!isCounts(shape)) throw new CheckpointError(`${what} has shape ${shown(shape)}; expected a list of sizes`);
  const [begin, end] = isCounts(offsets) && offsets.length === 2 ? offsets : [];
  if (begin === undefined || end === undefined)
    throw new CheckpointError(`${what} has data_offsets ${shown(offsets)}; expected [begin, end]`);
  const byteLength = sizeOfShape(shape) * bytes;
  if (end - begin !== byteLength) {
    throw new CheckpointError(
      `${what} of dtype ${dtype} and shape [${shape.join(", ")}] needs ${byteLength} bytes, ` +
        `its data_offsets [${begin}, ${end}] give ${end - begin}`,
    );
  }
  return { dtype, shape, start: dataStart + begin, byteLength };
}

function checkCoverage(
  entries: ReadonlyMap<string, SafetensorsEntry>,
  dataStart: number,
  fileBytes: number,
  source: string,
): void {
  let position = dataStart;
  const inOrder = [...entries].toSorted(([, a], [, b]) => a.start - b.start || a.byteLength - b.byteLength);
  for (const [name, { start, byteLength }] of inOrder) {
    if (start !== position) {
      const kind = start < position ? "overlaps the one before it" : "leaves a gap before it";
      throw new CheckpointError(
        `${source}: tensor "${name}" ${kind} (starts at byte ${start}, expected ${position}); the file is damaged`,
      );
    }
    position += byteLength;
  }
  if (position > fileBytes) {
    throw new CheckpointError(
      `${source}: is truncated: ${fileBytes} bytes of ${position} are there. Fetch or copy it again`,
    );
  }
  if (position < fileBytes) {
    throw new CheckpointError(
      `${source}: has ${fileBytes - position} bytes after its last tensor; the file is damaged`,
    );
  }
}

/** The beginning of a value, for messages. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}
