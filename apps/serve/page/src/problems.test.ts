import { ServerProblem, ServerUnreachable } from "@detrkit/client";
import { expect, test } from "vitest";
import { LocalProblem } from "./local-engine.ts";
import { problemOf } from "./problems.ts";

const answered = (status: number, detail: string): ServerProblem =>
  new ServerProblem({ type: "urn:x", title: "", status, detail, code: "x" });

test.each([
  [answered(413, "20 MB at most"), "This image is too large for the server. Take a smaller one. 20 MB at most."],
  [answered(422, "The image is cut off."), "The image is cut off."],
  [answered(500, "A defect"), "The server failed at this image. A defect."],
  [new ServerUnreachable("http://x", new Error("refused")), "The server does not answer."],
  [new LocalProblem("no memory", undefined), "The model does not run in this browser: no memory. Switch back"],
  [new Error("There is no camera"), "There is no camera."],
])("%s is said in words", (error, text) => {
  expect(problemOf(error)?.text).toContain(text);
  expect(problemOf(error)?.needsKey).toBe(false);
});

test("where a key is missing it is asked for, whoever was refused", () => {
  for (const error of [answered(401, "x"), new LocalProblem("x", 401)])
    expect(problemOf(error)).toEqual({ text: "This server asks for a key.", needsKey: true });
});

test("what the user ended is no problem", () => {
  expect(problemOf(new DOMException("another image", "AbortError"))).toBeUndefined();
});
