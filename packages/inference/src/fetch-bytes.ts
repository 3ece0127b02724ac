import { CheckpointError } from "@detrkit/common";

/** How far a download is. */
export interface DownloadProgress {
  /** Bytes that are here. */
  readonly loaded: number;
  /** Bytes in all; undefined where the server does not say, or sends them compressed. */
  readonly total: number | undefined;
}

/** How a file is fetched. */
export interface FetchOptions {
  /** Told after each piece that arrives. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Ends the download; the promise is rejected with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * A request's answer.
 *
 * @throws CheckpointError naming the address where there is none
 */
export async function request(address: string, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(address, signal === undefined ? {} : { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new CheckpointError(
      `${address}: can't be fetched (${(cause as Error).message}); is the server there, and does it allow this page ` +
        "to read the file (CORS)?",
      { cause },
    );
  }
}

/**
 * All bytes of an answer.
 *
 * @throws CheckpointError naming the address where the answer is an error, or breaks off
 */
export async function bytesOf(
  response: Response,
  address: string,
  { onProgress, signal }: FetchOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (!response.ok || response.body === null)
    throw new CheckpointError(
      `${address}: can't be fetched: the server answered ${response.status} ${response.statusText}`.trimEnd(),
    );
  const total = totalOf(response.headers);
  const pieces: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body.getReader();
  // A response that was given has another signal than this one, or none.
  const stop = (): void => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", stop);
  try {
    while (true) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value);
      loaded += value.byteLength;
      onProgress?.({ loaded, total });
    }
    signal?.throwIfAborted();
  } catch (cause) {
    signal?.throwIfAborted();
    throw new CheckpointError(`${address}: broke off after ${loaded} bytes (${(cause as Error).message})`, { cause });
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  return joined(pieces, loaded);
}

/** What the server says; of compressed bytes it says how many these are, not how many come out. */
function totalOf(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  return length === null || headers.get("content-encoding") !== null ? undefined : Number(length);
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let position = 0;
  for (const piece of pieces) {
    bytes.set(piece, position);
    position += piece.byteLength;
  }
  return bytes;
}
