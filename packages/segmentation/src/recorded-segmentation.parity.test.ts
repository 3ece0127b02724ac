import { testRecordedCases } from "@detrkit/test-utils";
import { run } from "../test-support/segmentation-case.ts";

await testRecordedCases(new URL("../../../fixtures/segmentation", import.meta.url), run);
