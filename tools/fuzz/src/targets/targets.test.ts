import { expect, test, vi } from "vitest";
import { CaseRunner } from "../case-runner.ts";
import { checkpointFiles } from "../corpus/checkpoint-files.ts";
import type { CorpusFile } from "../bytes-target.ts";
import { loadTarget } from "../target-list.ts";

vi.setConfig({ testTimeout: 120_000 });

// A target that refuses everything would find nothing: what it starts from has to pass, sealed or not.
test.each<[string, () => Promise<readonly CorpusFile[]>, readonly string[]]>([
  // Two of the recorded files have no state dict at their top.
  ["checkpoint", checkpointFiles, ["the pickle of a state dict", "safetensors", "a safetensors header", "a safetensors header of halves"]],
])("%s accepts its corpus", async (name, corpus, accepted) => {
  const { target, url } = await loadTarget(name);
  const runner = new CaseRunner(url, target.limits);
  const outcomes = new Map<string, string>();
  for (const { name: file, bytes, seal = (whole: Uint8Array) => whole } of await corpus()) outcomes.set(file, (await runner.run(seal(bytes))).outcome);
  await runner.stop();
  expect([...outcomes].filter(([, outcome]) => outcome === "accepted").map(([file]) => file)).toEqual(accepted);
  expect([...outcomes.values()]).not.toContain("failed");
});
