import { testRecordedCases } from "@detrkit/test-utils";
import { run } from "../test-support/model-case.ts";

await testRecordedCases(new URL("../../../fixtures/models", import.meta.url), run);
