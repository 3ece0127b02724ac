import { expect, test } from "vitest";
import { type Environment, npmWroteBanner, programAsTyped, typedCommand } from "./typed-command.ts";

// As npm 11, pnpm 12, yarn 1 and 4 and bun 1 set them.
const npm = { npm_config_user_agent: "npm/11.19.1 node/v20.20.2 linux x64 workspaces/false" };
const script = { ...npm, npm_command: "run", npm_lifecycle_event: "detrkit", npm_lifecycle_script: "detrkit" };
const pnpm = { npm_config_user_agent: "pnpm/12.21.0 npm/? node/? linux x64" };
const yarn = { npm_config_user_agent: "yarn/4.18.1 npm/? node/v20.20.2 linux x64" };

test.for<readonly [title: string, environment: Environment, program: string]>([
  ["from a shell", {}, "detrkit"],
  [
    "by npx",
    { ...npm, npm_command: "exec", npm_lifecycle_event: "npx", npm_lifecycle_script: "'detrkit'" },
    "npx detrkit",
  ],
  ["by a script of its name", script, "npm run detrkit --"],
  ["by a script of another name", { ...script, npm_lifecycle_event: "det" }, "npm run det --"],
  [
    "by a script with arguments, which would be given twice",
    { ...script, npm_lifecycle_script: "detrkit train --data x" },
    "npx detrkit",
  ],
  ["by pnpm", { ...pnpm, npm_command: "exec" }, "pnpm exec detrkit"],
  ["by yarn", yarn, "yarn detrkit"],
  ["by bun", { npm_config_user_agent: "bun/1.4.5 npm/? node/v26.3.0 linux x64" }, "bunx detrkit"],
  ["from a clone, whose set-up says so", { ...script, DETRKIT_TYPED_AS: "npm run detrkit --" }, "npm run detrkit --"],
])("started %s", ([, environment, program]) => {
  expect(programAsTyped(environment)).toBe(program);
});

test("arguments that a shell would take apart are quoted", () => {
  const args = ["train", "--output", "runs/it's mine", "--resume"];
  expect(typedCommand(args, {}, "linux")).toBe(String.raw`detrkit train --output 'runs/it'\''s mine' --resume`);
  expect(typedCommand(["--output", String.raw`C:\my runs`], {}, "win32")).toBe(
    String.raw`detrkit --output "C:\my runs"`,
  );
  expect(typedCommand(["--output", String.raw`C:\runs`], {}, "win32")).toBe(String.raw`detrkit --output C:\runs`);
  expect(typedCommand(["--output", "$HOME"], {}, "linux")).toBe("detrkit --output '$HOME'");
});

test("npm's banner comes before what npm run writes, unless it is silent", () => {
  expect(npmWroteBanner(script)).toBe(true);
  expect(npmWroteBanner({ ...script, npm_config_loglevel: "silent" })).toBe(false);
  expect(npmWroteBanner({ ...npm, npm_command: "exec" })).toBe(false);
  expect(npmWroteBanner({})).toBe(false);
});
