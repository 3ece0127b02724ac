import { testRecordedCases } from "@detrkit/test-utils";
import { run } from "../test-support/transforms-case.ts";

await testRecordedCases(new URL("../../../fixtures/transforms", import.meta.url), run);
