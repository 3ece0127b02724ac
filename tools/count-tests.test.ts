import { expect, test } from "vitest";
import { countTests } from "./count-tests.mjs";

const failedTest = { status: "failed", fullName: "adds", failureMessages: ["expected 1\n  to be 2"] };
const passedTest = { status: "passed", fullName: "is there" };

test("failed tests and files that could not be loaded are both failures, named with what they say", () => {
  const report = {
    numPassedTests: 5,
    testResults: [
      { status: "passed", name: "a.test.ts", assertionResults: [passedTest] },
      { status: "failed", name: "b.test.ts", assertionResults: [failedTest, passedTest, failedTest] },
      { status: "failed", name: "c.test.ts", message: "no such module", assertionResults: [] },
    ],
  };
  const failure = "b.test.ts: adds: expected 1 to be 2";
  expect(countTests(report, 1)).toEqual({
    passed: 5,
    failed: 3,
    failures: [failure, failure, "c.test.ts: could not be loaded: no such module"],
  });
});

test("an error outside of any test, or no report at all, is a failure", () => {
  const report = { numPassedTests: 3, testResults: [{ status: "passed", assertionResults: [passedTest] }] };
  expect(countTests(report, 0)).toMatchObject({ passed: 3, failed: 0, failures: [] });
  expect(countTests(report, 1)).toMatchObject({ passed: 3, failed: 1 });
  expect(countTests(undefined, 7)).toEqual({
    passed: 0,
    failed: 1,
    failures: ["no test report was written (exit code 7)"],
  });
});
