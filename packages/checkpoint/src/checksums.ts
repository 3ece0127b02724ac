import { CheckpointError } from "@detrkit/common";
import { dtypeNames } from "./safetensors-pieces.ts";
import type { SafetensorsEntry, SafetensorsHeader } from "./safetensors-header.ts";
import type { TensorData } from "./tensor-data.ts";

/** Where a header has the checksums, as JSON. */
const checksumKey = "detrkit.sha256";

/** SHA-256 in hexadecimal, of what a file holds beside these. */
export interface Checksums {
  /** Of names, types and shapes of all tensors, their checksums, and the header's other strings. */
  readonly header: string;
  /** Of each tensor's bytes. */
  readonly tensors: Readonly<Record<string, string>>;
}

type Strings = Readonly<Record<string, string>>;
type Described = Pick<SafetensorsEntry, "dtype" | "shape">;

/**
 * The platform's own SHA-256, in Node and in browsers. It works beside the main thread.
 *
 * @returns undefined where there is none: a page that came by plain HTTP
 */
async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) return undefined;
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What the header's checksum is made of; a parser may give names in another order than they were written. */
async function headerChecksum(
  entries: ReadonlyMap<string, Described>,
  strings: Strings,
  tensors: Checksums["tensors"],
): Promise<string | undefined> {
  const described = [...entries].map(([name, { dtype, shape }]) => [name, dtype, shape, tensors[name]] as const);
  const others = Object.entries(strings).filter(([key]) => key !== checksumKey);
  const byName = ([one]: readonly [string, ...unknown[]], [other]: readonly [string, ...unknown[]]): number =>
    one < other ? -1 : 1;
  const text = JSON.stringify([described.toSorted(byName), others.toSorted(byName)]);
  return await sha256(new TextEncoder().encode(text));
}

/** A header's strings, and with them the checksums of everything in the file. */
export async function withChecksums(tensors: ReadonlyMap<string, TensorData>, strings: Strings): Promise<Strings> {
  const sums = new Map<string, string>();
  for (const [name, { values }] of tensors) {
    const { buffer, byteOffset, byteLength } = values;
    const sum = await sha256(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
    if (sum === undefined) return strings;
    sums.set(name, sum);
  }
  const entries = new Map([...tensors].map(([name, { dtype, shape }]) => [name, { dtype: dtypeNames[dtype], shape }]));
  const bySum = Object.fromEntries(sums);
  const header = await headerChecksum(entries, strings, bySum);
  return { ...strings, [checksumKey]: JSON.stringify({ header, tensors: bySum }) };
}

/**
 * The checksums in a header, which is checked with them.
 *
 * @returns undefined in a file that has none: of another program, or of an older detrkit
 * @throws CheckpointError where the header is not as it was written
 */
export async function checksumsOf(
  { entries, metadata }: SafetensorsHeader,
  source: string,
): Promise<Checksums | undefined> {
  const text = metadata[checksumKey];
  if (text === undefined) return undefined;
  const sums = parsed(text);
  if (sums === undefined) throw new CheckpointError(`${source}: the checksums in its header are damaged; ${advice}`);
  expectSame(`${source}: its header`, sums.header, await headerChecksum(entries, metadata, sums.tensors));
  return sums;
}

/** @throws CheckpointError where a tensor's bytes are not those that were written */
export async function verifyTensor(
  { tensors }: Checksums,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  source: string,
): Promise<void> {
  expectSame(`${source}: tensor "${name}"`, tensors[name], await sha256(bytes));
}

const advice =
  "the file was damaged or changed after it was written. Copy or fetch it again; " +
  "of a run, use its checkpoint-best, or start the run again";

function expectSame(what: string, expected: string | undefined, found: string | undefined): void {
  if (found === undefined || found === expected) return;
  throw new CheckpointError(`${what} expected the SHA-256 ${String(expected)}, got ${found}: ${advice}`);
}

function parsed(text: string): Checksums | undefined {
  try {
    const value = JSON.parse(text) as Partial<Checksums> | null;
    const { header, tensors } = value ?? {};
    return typeof header === "string" && typeof tensors === "object" && tensors !== null
      ? { header, tensors }
      : undefined;
  } catch {
    return undefined;
  }
}
