/** How often and how long a client tries again where the server is full or restarts. */
export interface RetryOptions {
  /** Tries after the first. Default 3; 0 never tries again. */
  readonly retries?: number;
  /** The longest wait before a try. Where the server asks for more, its answer is the error. Default 30,000. */
  readonly longestWaitMs?: number;
}

/** Full, or about to be there: the only answers after which the same request may succeed. */
export function mayRetry(status: number): boolean {
  return status === 429 || status === 503;
}

/**
 * What `Retry-After` asks for: seconds, or a date.
 *
 * @returns undefined where the header is missing or none of both
 */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const text = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+$/u.test(text)) return Number(text) * 1000;
  const date = text === "" ? NaN : Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * How long to wait before try `attempt` (from 0), where the server does not say: twice as long each time. Half of it is
 * drawn, so that clients which were refused together do not come back together.
 */
export function backoffMs(attempt: number, draw: () => number): number {
  return 250 * 2 ** attempt * (1 + draw());
}

/** Waits, or throws the signal's reason as soon as it says so. */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
