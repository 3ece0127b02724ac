import { testRecordedCases } from "@detrkit/test-utils";
import { run } from "../test-support/postprocess-case.ts";

await testRecordedCases(new URL("../../../fixtures/postprocess", import.meta.url), run);
