import { fileURLToPath } from "node:url";
import { describeOnBackends, testRecordedCases } from "@detrkit/test-utils";
import { listFixtures, runCase } from "@detrkit/test-utils/recorded";
import { expect, test } from "vitest";
import { run, sampling } from "../test-support/deformable-attention-case.ts";
import { composedDeformableAttention } from "./ops/composed.ts";
import { multiScaleDeformableAttention } from "./ops/multi-scale-deformable-attention.ts";

await testRecordedCases(new URL("../../../fixtures/deformable-attention", import.meta.url), run);

const folder = fileURLToPath(new URL("../../../fixtures/deformable-attention", import.meta.url));
const samplings = (await listFixtures(folder)).filter(({ name }) => /^l\dp\d/.test(name));

// The cases above run on one backend; of the op itself, each way of computing it has to hold on every backend.
describeOnBackends("the op as recorded from the original", () => {
  test.each(samplings)("$name: values and all gradients, as the op and as composed", async (location) => {
    for (const attend of [multiScaleDeformableAttention, composedDeformableAttention]) {
      const { passed, reason } = await runCase(location, {
        "deformable-attention": async () => ({ run: async (fixture) => sampling(fixture, attend) }),
      });
      expect({ passed, reason }).toEqual({ passed: true, reason });
    }
  });
});
