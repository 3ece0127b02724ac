// Prints "PASSED FAILED" of a vitest JSON report, then one line for each failure: node tools/count-tests.mjs REPORT
// EXIT_CODE
import { existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** A file that could not be loaded has no failed test, and an error outside of a test fails none: each counts as one
 *  failure.
 *  @typedef {{ status: string, fullName?: string, failureMessages?: string[] }} Test
 *  @typedef {{ status: string, name?: string, message?: string, assertionResults: Test[] }} TestFile
 *  @param {{ numPassedTests: number, testResults: TestFile[] } | undefined} report
 *  @param {number} exitCode
 *  @returns {{ passed: number, failed: number, failures: string[] }}
 *    failures: file, test and the first lines of the message, one line each */
export function countTests(report, exitCode) {
  if (!report) return { passed: 0, failed: 1, failures: [`no test report was written (exit code ${exitCode})`] };
  const failures = report.testResults
    .filter((file) => file.status === "failed")
    .flatMap((file) => {
      const tests = file.assertionResults.filter((test) => test.status === "failed");
      if (tests.length === 0) return [line(file.name, "could not be loaded", file.message)];
      return tests.map((test) => line(file.name, test.fullName, test.failureMessages?.[0]));
    });
  if (failures.length === 0 && exitCode !== 0) failures.push(`an error outside of every test (exit code ${exitCode})`);
  return { passed: report.numPassedTests, failed: failures.length, failures };
}

/** @param {(string | undefined)[]} parts */
const line = (...parts) => parts.map((part) => (part ?? "").replace(/\s+/g, " ").slice(0, 300)).join(": ");

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [, , path = "", exitCode = "1"] = process.argv;
  const report = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
  const { passed, failed, failures } = countTests(report, Number(exitCode));
  process.stdout.write([`${passed} ${failed}`, ...failures].join("\n") + "\n");
}
