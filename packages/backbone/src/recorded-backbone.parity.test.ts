import { testRecordedCases } from "@detrkit/test-utils";
import { run } from "../test-support/backbone-case.ts";

await testRecordedCases(new URL("../../../fixtures/backbone", import.meta.url), run);
