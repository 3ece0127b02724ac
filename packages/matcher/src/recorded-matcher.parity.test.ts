import { testRecordedCases } from "@detrkit/test-utils";
import { run } from "../test-support/matcher-case.ts";

await testRecordedCases(new URL("../../../fixtures/matcher", import.meta.url), run);
