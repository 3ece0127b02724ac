import { expect, test } from "vitest";
import { startSide } from "./side-process.ts";

const answering = `
  import { createInterface } from "node:readline";
  let runs = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line);
    if (message === "run") runs++;
    if (message.fail) { console.error("out of snails"); process.exit(3); }
    const answer = message === "run" ? { ms: runs } : message === "stop" ? { peakMb: 17 } : undefined;
    console.log(JSON.stringify(answer ?? { facts: { told: message.tell } }));
    if (message === "stop") break;
  }`;

function program(settings: unknown): Parameters<typeof startSide>[0] {
  return {
    label: "snail",
    command: [process.execPath, "--input-type=module", "-e", answering],
    env: process.env,
    settings,
  };
}

test("a side gets its settings, answers each run, and says what memory it took", async () => {
  const side = await startSide(program({ tell: "slowly" }));
  expect(side.facts).toEqual({ told: "slowly" });
  expect([await side.run(), await side.run()]).toEqual([{ ms: 1 }, { ms: 2 }]);
  expect(await side.stop()).toEqual({ peakMb: 17 });
});

test("a side that fails is named with what it said", async () => {
  await expect(startSide(program({ fail: true }))).rejects.toThrow(/^snail ended with exit code 3:\nout of snails$/);
});

test("a program that isn't there is named", async () => {
  await expect(startSide({ ...program({}), command: ["./no-such-snail"] })).rejects.toThrow(
    "snail: ./no-such-snail could not be started",
  );
});
