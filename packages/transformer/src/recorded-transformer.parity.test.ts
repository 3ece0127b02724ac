import { testRecordedCases } from "@detrkit/test-utils";
import { run } from "../test-support/transformer-case.ts";

await testRecordedCases(new URL("../../../fixtures/transformer", import.meta.url), run);
