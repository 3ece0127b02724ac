import { expect, test } from "vitest";
import { guideSteps } from "./guide-steps.ts";

const page = `# Title
\`\`\`sh
pnpm add @detrkit/train
\`\`\`
\`\`\`ts
const one = 1;
\`\`\`
Text.
\`\`\`
detrkit is printed here
\`\`\`
\`\`\`ts
console.log(one);
\`\`\`
\`\`\`sh
detrkit train --data voc:x   # a remark
detrkit report run
\`\`\`
\`\`\`ts
const one = 2;
\`\`\`
`;

test("programs and commands come in the page's order; blocks share variables up to the next command", () => {
  expect(guideSteps(page)).toEqual([
    { kind: "program", code: "const one = 1;\n\nconsole.log(one);\n" },
    { kind: "command", arguments: ["train", "--data", "voc:x"] },
    { kind: "command", arguments: ["report", "run"] },
    { kind: "program", code: "const one = 2;\n" },
  ]);
});
