import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePng } from "@detrkit/image";
import { afterAll, beforeAll, expect, test } from "vitest";
import { main } from "../cli/main.ts";
import { exampleRun } from "../../test/support/example-run.ts";
import { runFolder } from "../training/run-folder.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-report-"));
  for (const [name, run] of [
    ["one/x", exampleRun("x", 1, [0.25, 0.5])],
    ["two/x", exampleRun("x", 2, [0.25, 0.75])],
    ["blind", exampleRun("x", 3, [undefined])],
  ] as const) {
    const files = runFolder(join(folder, name));
    await mkdir(files.predictions, { recursive: true });
    await writeFile(files.config, JSON.stringify(run.config));
    await writeFile(files.log, run.records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    await writeFile(files.metrics, JSON.stringify(run.records.at(-1)?.metrics ?? {}));
  }
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function report(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const written = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr"): { write: (text: string) => void } => ({
    write: (text) => void (written[name] += text),
  });
  const code = await main(["report", ...args], { stdout: stream("stdout"), stderr: stream("stderr") });
  return { code, ...written };
}

const at = (name: string): string => join(folder, name);

test("one run gets its report from what its folder keeps, also where that is little", async () => {
  const picture = await encodePng({ width: 7, height: 5, data: new Uint8Array(7 * 5 * 3).fill(99) });
  await writeFile(join(at("one/x"), "predictions", "01-a.png"), picture);
  expect(await report(at("one/x"))).toEqual({ code: 0, stdout: `${join(at("one/x"), "report.html")}\n`, stderr: "" });
  const old = await readFile(join(at("one/x"), "report.html"), "utf8");
  expect(old).toContain("kept no figures by class");
  expect(old).toContain('src="data:image/webp;base64,');
  const facts = {
    epoch: 1,
    introduction: ["Seven parameters."],
    evaluation: {
      metrics: { AP: 0.125 },
      classes: [{ label: "cat", objects: 11, AP: 0.125, AP50: 0.5, AP75: 0, AR100: 0 }],
      precisionRecall: [],
    },
    pictures: [{ file: "01-a.png", name: "a.jpg" }],
  };
  await writeFile(runFolder(at("one/x")).reportFacts, JSON.stringify(facts));
  expect((await report(at("one/x"), "--output", at("again.html"))).code).toBe(0);
  const page = await readFile(at("again.html"), "utf8");
  for (const text of [
    "Seven parameters.",
    "those after epoch 1; the curves go on to epoch 2",
    "<td>cat</td>",
    "truth and predictions of a.jpg",
  ])
    expect(page).toContain(text);
});

test("several runs get a comparison, and a picture where one is wanted", async () => {
  const picture = at("curves.svg");
  const drawn = await report(
    at("one/x"),
    at("two/x"),
    "--picture",
    picture,
    "--names",
    "mine, mine",
    "--metrics",
    "AP50",
    "--title",
    "Mine",
  );
  expect(drawn).toEqual({ code: 0, stdout: `${picture}\n`, stderr: "" });
  expect(await readFile(picture, "utf8")).toContain("mine 1.250");
  expect((await report(at("one/x"), at("two/x"), "--output", at("both.html"))).code).toBe(0);
  // The folders' names are the same, so as much of the path is shown as tells them apart.
  expect(await readFile(at("both.html"), "utf8")).toContain("<td>one/x</td>");
  expect(existsSync("comparison.html")).toBe(false);
});

test.each([
  [[], "report needs run folders"],
  [["nowhere"], "holds no run: there is no"],
  [["one/x", "one/x"], "was named twice"],
  [["one/x", "two/x", "--names", "a"], "--names has 1 names for 2 runs"],
  [["one/x", "--picture", "curves.png"], "pictures are SVG; write a name that ends in .svg"],
  [["one/x", "--picture", "curves.svg", "--metrics", "AP5"], '--metrics: "AP5" is no metric, did you mean AP'],
  [["blind", "--picture", "curves.svg"], "was never evaluated, so there is no curve to draw"],
])("%j is refused", async (args, message) => {
  const { code, stderr } = await report(
    ...args.map((argument) => (existsSync(at(argument)) ? at(argument) : argument)),
  );
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
