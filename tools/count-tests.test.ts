import { expect, test } from "vitest";
import { countTests } from "./count-tests.mjs";

const file = (status: string, ...tests: readonly string[]) => ({ status, assertionResults: tests.map((each) => ({ status: each })) });

test("failed tests and files that could not be loaded are both failures", () => {
  const report = { numPassedTests: 5, numFailedTests: 2, testResults: [file("passed", "passed"), file("failed", "failed", "failed"), file("failed")] };
  expect(countTests(report, 1)).toEqual({ passed: 5, failed: 3 });
});

test("an error outside of any test, or no report at all, is a failure", () => {
  const report = { numPassedTests: 3, numFailedTests: 0, testResults: [file("passed", "passed")] };
  expect(countTests(report, 0)).toEqual({ passed: 3, failed: 0 });
  expect(countTests(report, 1)).toEqual({ passed: 3, failed: 1 });
  expect(countTests(undefined, 0)).toEqual({ passed: 0, failed: 1 });
});
