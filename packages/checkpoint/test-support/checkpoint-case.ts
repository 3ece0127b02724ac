import { readdir } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { openPth } from "@detrkit/checkpoint";
import { CheckpointError } from "@detrkit/common";
import { check, type Comparison, type Fixture, readFixture, type TopicRunner } from "@detrkit/test-utils/recorded";
import { compareBareTensor, type CompareModel, compareWithRecord } from "./checkpoint-record.ts";

/** Files of `torch.save`: one of them, or the record (a JSON file) of what several hold. */
export const run: TopicRunner = runWith(() => []);

/** The same, and what a model with the weights of a checkpoint computes: models are made of more than this package. */
export function runWith(compareModel: CompareModel): TopicRunner {
  return (fixture) => compareFiles(fixture, compareModel);
}

async function compareFiles(fixture: Fixture, compareModel: CompareModel): Promise<readonly Comparison[]> {
  const folder = dirname(fixture.file);
  if (extname(fixture.file) !== ".pth") {
    const comparisons: Comparison[] = [];
    for (const file of filesOf(fixture))
      comparisons.push(...(await compareFile(join(folder, file), fixture, compareModel)));
    return comparisons;
  }
  // The layout's own word for files that must not be read: nothing else beside them says so.
  if (fixture.name.startsWith("refuse-")) return [await isRefused(fixture.file)];
  const records = await recordsOf(fixture.topic, folder);
  const record = records.find((each) => filesOf(each).includes(basename(fixture.file)));
  return record === undefined
    ? compareBareTensor(fixture.file, records)
    : compareFile(fixture.file, record, compareModel);
}

async function compareFile(path: string, record: Fixture, compareModel: CompareModel): Promise<Comparison[]> {
  return (await compareWithRecord(path, record, compareModel)).map((comparison) => ({
    ...comparison,
    what: `${basename(path)}: ${comparison.what}`,
  }));
}

async function isRefused(path: string): Promise<Comparison> {
  try {
    await (await openPth(path)).close();
  } catch (error) {
    return check(`expected a CheckpointError, got ${String(error)}`, error instanceof CheckpointError);
  }
  return check("was read, but must be refused", false);
}

async function recordsOf(topic: string, folder: string): Promise<Fixture[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).map((name) => basename(name, ".json"));
  return Promise.all(names.map((name) => readFixture({ topic, name, folder })));
}

/** The files a record is about; a remark may follow a name. */
function filesOf({ json }: Fixture): readonly string[] {
  const files = json["files"];
  return Array.isArray(files) ? files.map((file) => String(file).split(" ")[0] as string) : [];
}
