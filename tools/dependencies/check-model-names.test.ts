import { join } from "node:path";
import { expect, test } from "vitest";
import { checkModelNames, questionsIn } from "./check-model-names.ts";

test("no file of the apps or of training asks which detector it is", () => {
  expect(checkModelNames(join(import.meta.dirname, "..", ".."))).toEqual([]);
});

test.each([
  'if (config.model === "detr") return 1;',
  'const isDeformable = "deformable-detr" == name;',
  '    case "deformable-detr":',
  '  "deformable-detr": { whole },',
  "if (model instanceof DeformableDetr) return 2;",
  'preset.startsWith("detr-") ? a : b',
])("%s asks", (line) => {
  expect(questionsIn(`first\n${line}`)).toEqual([expect.stringMatching(/^2: asks which detector it is/u)]);
});

test.each([
  'import { deformableDetr } from "@detrkit/training";',
  'kind: z.enum(["fixed", "letterbox", "detr"])',
  'preset: "detr-small",',
  "const parts = definition.create(settings);",
])("%s does not", (line) => {
  expect(questionsIn(line)).toEqual([]);
});
