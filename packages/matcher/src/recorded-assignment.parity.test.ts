import { testRecordedCases } from "@detrkit/test-utils";
import { run } from "../test-support/assignment-case.ts";

await testRecordedCases(new URL("../../../fixtures/assignment", import.meta.url), run);
