import { testRecordedCases } from "@detrkit/test-utils";
import { run } from "../test-support/position-encoding-case.ts";

await testRecordedCases(new URL("../../../fixtures/position-encoding", import.meta.url), run);
