import { expect, test } from "vitest";
import { exampleRecord } from "../../test/support/example-run.ts";
import { resolveConfig } from "../configuration/resolve-config.ts";
import { overfitVerdict } from "./overfit-verdict.ts";

const run = (settings: object) => resolveConfig({ data: "shapes:8", output: "runs/few", numQueries: 7, ...settings });

test("a run that learned its images by heart says so, another says where to look", () => {
  const config = run({ overfit: 4, overfitGoal: 0.5 });
  const learned = overfitVerdict(config, { records: [exampleRecord(3, 0.25)] });
  expect(learned?.learned).toBe(true);
  expect(learned?.text).toMatch(/^--overfit 4: learned; AP50 .* is 0\.500 after \d+ steps, and 0\.5 was/u);
  const failed = overfitVerdict(config, { records: [exampleRecord(3, 0.2495)] });
  expect(failed?.learned).toBe(false);
  expect(failed?.text).toMatch(/^FAILED --overfit 4: .* is 0\.499 after \d+ steps, below 0\.5 \(--overfit-goal\)\.\n/u);
  expect(failed?.text).toContain("--num-queries 7: an image with more objects cannot be learned");
  expect(failed?.text).toContain("pictures in runs/few");
  expect(failed?.text).not.toContain("--learning-rate-factors.backbone");
});

test("a backbone that learns slower is named; other runs are not judged", () => {
  const slow = run({ overfit: 4, learningRateFactors: { backbone: 0.1 } });
  expect(overfitVerdict(slow, { records: [] })?.text).toContain("--learning-rate-factors.backbone 1 (now 0.1)");
  expect(overfitVerdict(run({}), { records: [exampleRecord(3, 0.1)] })).toBeUndefined();
});
