import { testRecordedCases } from "@detrkit/test-utils";
import { run } from "../test-support/criterion-case.ts";

await testRecordedCases(new URL("../../../fixtures/criterion", import.meta.url), run);
