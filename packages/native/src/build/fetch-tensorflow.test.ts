import { expect, test } from "vitest";
import { whyPipFailed } from "./fetch-tensorflow.ts";

// As pip 23 to 26 print it, for each way in which an index can't be asked.
const retrying = "WARNING: Retrying (Retry(total=1, connect=None)) after connection broken by";
const last =
  "ERROR: Could not find a version that satisfies the requirement tensorflow-cpu==2.21.0 (from versions: none)";

test.each([
  [
    "'SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: " +
      "self-signed certificate'))'",
    "certificate of the package index was not accepted",
  ],
  [
    `'ProxyError('Cannot connect to proxy.', NewConnectionError('...: Connection refused'))'`,
    "the proxy could not be reached",
  ],
  [
    `'NewConnectionError('...: Failed to establish a new connection: [Errno -2] Name or service not known')'`,
    "index could not be reached",
  ],
  [`'ConnectTimeoutError(...)'`, "index could not be reached"],
])("pip's %s is told as what it is", (cause, meaning) => {
  expect(whyPipFailed(`${retrying} ${cause}: /simple/\n${last}`)).toContain(meaning);
});

test("what pip says clearly is left as it is", () => {
  expect(whyPipFailed(last)).toBeUndefined();
  expect(
    whyPipFailed("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"),
  ).toBeUndefined();
});
