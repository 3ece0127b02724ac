import { DataError } from "@detrkit/common";
import { imageName, type ImageRecord } from "../dataset.ts";
import type { DataSpec, OpenedData, Reader, ReadRequest, ReadResult } from "../reading/reader.ts";
import { inUsualOrder } from "../reading/split-words.ts";
import { givenLists, type ListedName, listSettings, readGivenLists, readOwnLists } from "./split-lists.ts";

/** The spec as the format's own reader takes it. */
function withoutLists(spec: DataSpec): DataSpec {
  const lists: readonly string[] = givenLists(spec);
  const settings = Object.entries(spec.settings).filter(([key]) => !lists.includes(key));
  return { ...spec, settings: Object.fromEntries(settings) };
}

/** Lists that were named, or those of the folder where the format knows no splits of its own. */
async function listsOf(spec: DataSpec, data: OpenedData): Promise<ListedName[]> {
  if (givenLists(spec).length > 0) return readGivenLists(spec);
  const own = await data.splits();
  return own.length === 1 && own[0] === "train" ? readOwnLists(spec) : [];
}

const partsOf = (path: string): string[] => path.split(/[/\\]+/u).filter((part) => part !== "" && part !== ".");

/** Of a path its ends, the longest first, with and without the extension of the file. */
function endsOf(path: string): string[] {
  const parts = partsOf(path).slice(-6);
  const ends = parts.map((_, index) => parts.slice(index).join("/"));
  return [...ends, ...ends.map((end) => end.replace(/\.[^./]*$/u, ""))];
}

/** Finds images by names that may be shorter or longer than their paths: the longest end that is one image's alone. */
function finder(records: readonly ImageRecord[]): (name: string) => number | "several" | undefined {
  const byEnd = new Map<string, number | "several">();
  for (const [index, record] of records.entries())
    for (const end of new Set(endsOf(imageName(record)))) byEnd.set(end, byEnd.has(end) ? "several" : index);
  return (name) => {
    const parts = partsOf(name);
    const ends = parts.map((_, index) => parts.slice(index).join("/"));
    return ends.map((end) => byEnd.get(end)).find((found) => found !== undefined);
  };
}

/** All images of the data, whatever splits it has itself. */
async function readAll(request: ReadRequest, data: OpenedData): Promise<ReadResult> {
  const spec = withoutLists(request.spec);
  const all = await data.splits();
  const splits = all.length > 1 ? all.filter((split) => split !== "trainval") : all;
  const results: ReadResult[] = [];
  for (const split of splits)
    results.push(await data.read({ ...request, spec, split, classes: request.classes ?? results[0]?.classes }));
  const [first] = results;
  if (first === undefined) throw new DataError(`data "${spec.text}": no images`);
  if (results.length === 1) return first;
  // Each split counts from 1.
  const seen = new Set<unknown>();
  const records = results
    .flatMap((result) => result.records)
    .filter(({ source }) => !seen.has(source) && seen.add(source) !== undefined);
  let annotation = 1;
  return {
    ...first,
    records: records.map((record, index) => {
      const annotationIds = record.annotationIds.map(() => annotation++);
      return { ...record, id: index + 1, annotationIds };
    }),
  };
}

function select(result: ReadResult, lists: readonly ListedName[], { split, report }: ReadRequest): ReadResult {
  const find = finder(result.records);
  const wanted = new Set<number>();
  const listed = new Set<number>();
  for (const { split: of, name, file, line } of lists) {
    const found = find(name);
    if (typeof found === "number") listed.add(found);
    if (of !== split) continue;
    if (typeof found === "number") wanted.add(found);
    else {
      const what =
        found === "several" ? "several images of the data are called so" : "no image of the data is called so";
      report({ kind: "missing-image", file, line, detail: `"${name}": ${what}` });
    }
  }
  const [first] = lists;
  // Said once, with the first of the splits.
  if (split === first?.split)
    for (const [index, record] of result.records.entries())
      if (!listed.has(index))
        report({ kind: "unlisted-image", file: imageName(record), detail: `in none of the lists, as ${first.file}` });
  return { ...result, records: result.records.filter((_, index) => wanted.has(index)) };
}

/** A reader whose splits may also come from lists of images: those that a spec names, or that lie beside the data. */
export function listedReader(reader: Reader): Reader {
  const splitsOf = (lists: readonly ListedName[]): string[] => inUsualOrder(lists.map(({ split }) => split));
  return {
    ...reader,
    settings: [...new Set([...(reader.settings ?? []), ...listSettings])],
    open: async (spec) => {
      const data = await reader.open(withoutLists(spec));
      const lists = await listsOf(spec, data);
      if (lists.length === 0) return data;
      const known = splitsOf(lists);
      return {
        splits: async () => known,
        read: async (request) => {
          const { split } = request;
          if (!known.includes(split))
            throw new DataError(`data "${spec.text}": no split "${split}"; the lists have ${known.join(", ")}`);
          return select(await readAll(request, data), lists, request);
        },
      };
    },
  };
}
