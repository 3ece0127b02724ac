import { testRecordedCases } from "@detrkit/test-utils";
import { run } from "../test-support/coco-eval-case.ts";

await testRecordedCases(new URL("../../../fixtures/coco-eval", import.meta.url), run);
