import { readFileSync } from "node:fs";
import { join } from "node:path";
import { workspaceEntries } from "../../dependencies/workspace-entry.ts";
import { extractExample } from "../../readmes/extract-example.ts";
import type { Case, Rehearsal } from "../cases.ts";
import { Consumer, type Manager } from "../consumer.ts";
import { run } from "../programs.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const libraries = workspaceEntries.filter(
  ({ private: own, binary, folder }) => !own && !binary && folder.startsWith("packages/"),
);

/** Every README's example in a project that installs what its install line names, and nothing else. */
export const readmeCases: readonly Case[] = libraries.flatMap(({ name, folder }) =>
  (["pnpm", "npm"] as const).map((manager) => ({
    group: "README",
    name: `${name}, ${manager}`,
    short: manager === "pnpm",
    run: (rehearsal: Rehearsal) => followReadme(rehearsal, folder, manager),
  })),
);

async function followReadme(rehearsal: Rehearsal, folder: string, manager: Manager): Promise<string> {
  const readme = readFileSync(join(root, folder, "README.md"), "utf8");
  const example = extractExample(readme);
  if ("problem" in example) throw new Error(`${folder}/README.md ${example.problem}`);
  const named = [...readme.matchAll(/^pnpm add (.+)$/gm)].flatMap(([, line = ""]) => line.split(/\s+/));
  if (named.length === 0) throw new Error(`${folder}/README.md has no line \`pnpm add …\``);
  const consumer = new Consumer(rehearsal, `${folder.replaceAll("/", "-")}-${manager}`);
  await consumer.install(manager, named);
  consumer.write("example.ts", example.code);
  for (const [version, compiler] of rehearsal.compilers) await compile(rehearsal, consumer, version, compiler);
  for (const node of rehearsal.nodes.values()) await consumer.node(node, "compiled/example.js");
  consumer.remove();
  return `TypeScript ${[...rehearsal.compilers.keys()].join(", ")}; Node ${[...rehearsal.nodes.keys()].join(", ")}`;
}

async function compile(rehearsal: Rehearsal, consumer: Consumer, version: string, compiler: string): Promise<void> {
  const compilerOptions = {
    target: "es2022",
    lib: ["es2023", "esnext.disposable"],
    module: "nodenext",
    strict: true,
    exactOptionalPropertyTypes: true,
    typeRoots: [rehearsal.nodeTypes],
    types: ["node"],
    outDir: "compiled",
    rootDir: ".",
  };
  const check = (options: object): ReturnType<typeof run> => {
    consumer.write(
      "tsconfig.json",
      JSON.stringify({ compilerOptions: { ...compilerOptions, ...options }, files: ["example.ts"] }),
    );
    return run(process.execPath, [compiler, "-p", "."], consumer.folder);
  };
  // tfjs's own declarations name types of WebGPU and the DOM, which a project for Node does not have.
  const { code, output } = await check({ skipLibCheck: true });
  if (code !== 0) throw new Error(`TypeScript ${version} ended with ${code}:\n${output}`);
  const ofOurs = (await check({ noEmit: true })).output.split("\n").filter((line) => line.includes("@detrkit"));
  if (ofOurs.length > 0) throw new Error(`TypeScript ${version} on our declarations:\n${ofOurs.join("\n")}`);
}
