import { expect, test, vi } from "vitest";
import { CaseRunner } from "../case-runner.ts";
import { annotationFiles } from "../corpus/annotation-files.ts";
import { configFiles } from "../corpus/config-files.ts";
import { imageFiles } from "../corpus/image-files.ts";
import { checkpointFiles } from "../corpus/checkpoint-files.ts";
import type { CorpusFile } from "../bytes-target.ts";
import { loadTarget } from "../target-list.ts";

vi.setConfig({ testTimeout: 120_000 });

// A target that refuses everything would find nothing: what it starts from has to pass, sealed or not.
test.each<[string, () => Promise<readonly CorpusFile[]>, readonly string[] | undefined]>([
  // Two of the recorded files have no state dict at their top.
  ["annotations", annotationFiles, undefined],
  ["config", configFiles, undefined],
  ["images", imageFiles, undefined],
  [
    "checkpoint",
    checkpointFiles,
    ["the pickle of a state dict", "safetensors", "a safetensors header", "a safetensors header of halves"],
  ],
])("%s accepts its corpus", async (name, corpus, accepted) => {
  const { target, url } = await loadTarget(name);
  const runner = new CaseRunner(url, target.limits);
  const outcomes = new Map<string, string>();
  for (const { name: file, bytes, seal = (whole: Uint8Array) => whole } of await corpus())
    outcomes.set(file, (await runner.run(seal(bytes))).outcome);
  await runner.stop();
  expect([...outcomes].filter(([, outcome]) => outcome === "accepted").map(([file]) => file)).toEqual(
    accepted ?? [...outcomes.keys()],
  );
  expect([...outcomes.values()]).not.toContain("failed");
});
