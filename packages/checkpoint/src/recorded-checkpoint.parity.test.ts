import { testRecordedCases } from "@detrkit/test-utils";
import { run } from "../test-support/checkpoint-case.ts";

await testRecordedCases(new URL("../../../fixtures/checkpoint", import.meta.url), run);
