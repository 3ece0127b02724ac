import { expect, test } from "vitest";
import { Problem } from "../api/problems.ts";
import { BatchQueue } from "./batch-queue.ts";

/** A queue whose batches end when the test says so. */
function heldQueue(limits = {}) {
  const batches: { readonly work: readonly string[]; readonly end: (problem?: Problem) => void }[] = [];
  const queue = new BatchQueue<string, string>(
    { maxQueue: 5, maxBatch: 3, deadlineMs: 10_000, ...limits },
    (work) =>
      new Promise((resolve, reject) => {
        batches.push({ work, end: (problem) => (problem ? reject(problem) : resolve(work.map((one) => `${one}!`))) });
      }),
  );
  return { queue, batches };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("nothing runs before the engine is there; then what waits goes in order, in batches", async () => {
  const { queue, batches } = heldQueue();
  const answers = ["a", "b", "c", "d"].map((work) => queue.add(work));
  await turn();
  expect([batches.length, queue.length]).toEqual([0, 4]);
  queue.open = true;
  expect(batches.map(({ work }) => work)).toEqual([["a", "b", "c"]]);
  batches[0]?.end();
  expect((await Promise.all(answers.slice(0, 3))).map(({ answer }) => answer)).toEqual(["a!", "b!", "c!"]);
  await turn();
  expect(batches[1]?.work).toEqual(["d"]);
  batches[1]?.end();
  await queue.drained();
  expect((await answers[3])?.answer).toBe("d!");
});

test("work that can't share a batch goes alone, and overtakes nobody", async () => {
  const { queue, batches } = heldQueue();
  const answers = [queue.add("a"), queue.add("b", { alone: true }), queue.add("c"), queue.add("d")];
  queue.open = true;
  for (let at = 0; at < 3; at++) {
    batches[at]?.end();
    await turn();
  }
  await Promise.all(answers);
  expect(batches.map(({ work }) => work)).toEqual([["a"], ["b"], ["c", "d"]]);
});

test("more than may wait is refused, and says so", async () => {
  const { queue } = heldQueue({ maxQueue: 2 });
  void queue.add("a");
  void queue.add("b");
  await expect(queue.add("c")).rejects.toMatchObject({ code: "queue-full", retryAfter: 1 });
  expect(() => queue.expectRoom(1)).toThrow("2 images wait (limit 2)");
});

test("who gives up leaves the queue; who is too late is told", async () => {
  const { queue } = heldQueue({ deadlineMs: 30 });
  const leave = new AbortController();
  const left = queue.add("a", { signal: leave.signal });
  const late = queue.add("b");
  leave.abort(new Error("gone"));
  await expect(left).rejects.toThrow("gone");
  expect(queue.length).toBe(1);
  await expect(late).rejects.toMatchObject({ code: "deadline-exceeded" });
  expect(queue.length).toBe(0);
});

test("a batch that fails costs only its own work", async () => {
  const { queue, batches } = heldQueue({ maxBatch: 1 });
  queue.open = true;
  const [lost, next] = [queue.add("a"), queue.add("b")];
  await turn();
  batches[0]?.end(new Problem("engine-crashed", "it ended"));
  await expect(lost).rejects.toMatchObject({ code: "engine-crashed" });
  await turn();
  batches[1]?.end();
  expect((await next).answer).toBe("b!");
});
