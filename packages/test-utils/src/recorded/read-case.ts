import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { readSafetensors } from "@detrkit/checkpoint";
import { DataError } from "@detrkit/common";
import type { Fixture, FixtureTensor } from "./case.ts";

/** A case found in a folder, not read yet. */
export interface FixtureLocation {
  readonly topic: string;
  readonly name: string;
  readonly folder: string;
}

const caseExtensions = new Set([".json", ".safetensors", ".pth"]);
const cocoRecording = /^(expected_(bbox|segm)|rle_fixtures)$/;

/** Every case of a folder laid out `<topic>/<case>.*`, sorted. A topic's own folder is taken too. */
export async function listFixtures(root: string): Promise<readonly FixtureLocation[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch((cause: unknown) => {
    throw new DataError(`${root}: is not a folder that can be read; expected one laid out <topic>/<case>.json`, {
      cause,
    });
  });
  const locations: FixtureLocation[] = [];
  for (const entry of entries) {
    if (entry.isDirectory()) locations.push(...(await listTopic(join(root, entry.name))));
  }
  if (locations.length === 0) locations.push(...(await listTopic(resolve(root))));
  if (locations.length === 0)
    throw new DataError(`${root}: no case found; expected files <topic>/<case>.json, .safetensors or .pth`);
  return locations.toSorted((a, b) => compareText(a.topic, b.topic) || compareText(a.name, b.name));
}

/** Reads a case's JSON and tensors into memory. */
export async function readFixture({ topic, name, folder }: FixtureLocation): Promise<Fixture> {
  const paths = [...caseExtensions]
    .map((extension) => join(folder, `${name}${extension}`))
    .filter((path) => existsSync(path));
  const jsonPath = paths.find((path) => path.endsWith(".json"));
  const tensorPath = paths.find((path) => path.endsWith(".safetensors"));
  const tensors = new Map<string, FixtureTensor>();
  if (tensorPath !== undefined) {
    for (const [key, { shape, values }] of (await readSafetensors(tensorPath)).tensors)
      tensors.set(key, { shape, data: values });
  }
  return {
    topic,
    name,
    file: paths[0] ?? join(folder, name),
    json: jsonPath === undefined ? {} : await readJson(jsonPath),
    tensors,
  };
}

async function listTopic(folder: string): Promise<FixtureLocation[]> {
  const names = new Set<string>();
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory() && caseExtensions.has(extname(entry.name)))
      names.add(basename(entry.name, extname(entry.name)));
  }
  // Recorded COCO metrics may come as a folder a data set, its ground truth and results in files of their own.
  const recordings = [...names].filter((name) => cocoRecording.test(name));
  if (recordings.length > 0)
    return recordings.map((name) => ({
      topic: "coco-eval",
      name: `${basename(folder)}/${name}`,
      folder: dirname(folder),
    }));
  return [...names].map((name) => ({ topic: basename(folder), name, folder }));
}

async function readJson(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw new DataError(`${path}: can't be read as JSON (${(cause as Error).message})`, { cause });
  }
  throw new DataError(`${path}: expected a JSON object`);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
