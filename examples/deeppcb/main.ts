// The reference app on a form of data that it does not know: check, train, evaluate, with the reader of deeppcb.ts
// beside this file.
//   node --conditions=@detrkit/source examples/deeppcb/main.ts [DEEPPCB-FOLDER]
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "@detrkit/train";
import { generateBoards } from "./generate-boards.ts";

const module = join(import.meta.dirname, "deeppcb.ts");
const real = process.argv[2] ?? join(import.meta.dirname, "../../../shared/data/deeppcb-mini");
const scratch = await mkdtemp(join(tmpdir(), "detrkit-deeppcb-"));

/** Runs `detrkit …`, as typed in a shell. */
async function detrkit(...args: readonly string[]): Promise<void> {
  process.stdout.write(`\n$ detrkit ${args.join(" ")}\n`);
  const code = await main(args, { stdout: process.stdout, stderr: process.stdout });
  if (code !== 0) throw new Error(`detrkit ${args[0]} ended with ${code}`);
}

try {
  const boards = join(scratch, "boards");
  const run = join(scratch, "run");
  await generateBoards(boards, { train: 8, test: 4 }, 1);
  const data = `module:${module},path=${boards}`;
  await detrkit("check-data", "--data", data);
  const small =
    "--preset detr-small --epochs 2 --batch-size 4 --transforms.size 64x64 --backbone.width 8 " +
    "--backbone.stem 3x3pool " +
    "--transformer.dim 32 --transformer.feed-forward-dim 64 --num-queries 10";
  await detrkit("train", "--data", data, "--output", run, ...small.split(" "));
  await detrkit("evaluate", "--checkpoint", run, "--data", data);
  if (existsSync(real))
    await detrkit("check-data", "--data", `module:${module},path=${real}`, "--no-decode", "--examples", "1");
  else process.stdout.write(`\nno ${real}: the real data was left out; name its folder to check it\n`);
} finally {
  await rm(scratch, { recursive: true });
}
