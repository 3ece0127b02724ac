import { testRecordedCases } from "@detrkit/test-utils";
import { run } from "../test-support/training-case.ts";

await testRecordedCases(new URL("../../../fixtures/training", import.meta.url), run);
