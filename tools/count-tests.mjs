// Prints "PASSED FAILED" of a vitest JSON report: node tools/count-tests.mjs REPORT EXIT_CODE
import { existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** A file that could not be loaded has no failed test, and an error outside of a test fails none: both count as one failure.
 *  @param {{ numPassedTests: number, numFailedTests: number, testResults: { status: string, assertionResults: { status: string }[] }[] } | undefined} report
 *  @param {number} exitCode
 *  @returns {{ passed: number, failed: number }} */
export function countTests(report, exitCode) {
  if (!report) return { passed: 0, failed: 1 };
  const unloaded = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"));
  const failed = report.numFailedTests + unloaded.length;
  return { passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [, , path = "", exitCode = "1"] = process.argv;
  const report = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
  const { passed, failed } = countTests(report, Number(exitCode));
  process.stdout.write(`${passed} ${failed}\n`);
}
