import { testRecordedCases } from "@detrkit/test-utils";
import { run } from "../test-support/deformable-transformer-case.ts";

await testRecordedCases(new URL("../../../fixtures/deformable-transformer", import.meta.url), run);
