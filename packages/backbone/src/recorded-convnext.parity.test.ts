import { testRecordedCases } from "@detrkit/test-utils";
import { run } from "../test-support/convnext-case.ts";

await testRecordedCases(new URL("../../../fixtures/convnext", import.meta.url), run);
