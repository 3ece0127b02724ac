/** What became of a request. */
export interface Outcome {
  /** 0 where there was no answer. */
  readonly status: number;
  /** The problem's code; why there was no answer. */
  readonly code: string | undefined;
  /** Seconds that `Retry-After` says. */
  readonly retryAfter: number | undefined;
  /** When it was sent, as `performance.now` tells. */
  readonly sentAt: number;
  readonly ms: number;
}

/** Sends bytes of an image to the server and waits for what becomes of them; never throws. */
export async function ask(address: string, body: Uint8Array<ArrayBuffer>): Promise<Outcome> {
  const sentAt = performance.now();
  const done = (outcome: Pick<Outcome, "status" | "code" | "retryAfter">): Outcome => ({
    ...outcome,
    sentAt,
    ms: performance.now() - sentAt,
  });
  try {
    const headers = { "content-type": "image/png" };
    const response = await fetch(`${address}/v1/detect`, { method: "POST", body, headers });
    const { code } = (await response.json()) as { readonly code?: string };
    const retryAfter = response.headers.get("retry-after");
    return done({ status: response.status, code, retryAfter: retryAfter === null ? undefined : Number(retryAfter) });
  } catch (error) {
    const { message, cause } = error as Error & { readonly cause?: { readonly code?: string } };
    return done({ status: 0, code: cause?.code ?? message, retryAfter: undefined });
  }
}

/** Asks again as soon as there is an answer, `clients` at a time. */
export async function closedLoop(
  send: () => Promise<Outcome>,
  { clients, seconds }: { readonly clients: number; readonly seconds: number },
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const end = performance.now() + seconds * 1000;
  const client = async (): Promise<void> => {
    while (performance.now() < end) outcomes.push(await send());
  };
  await Promise.all(Array.from({ length: clients }, client));
  return outcomes;
}

/**
 * Asks at a steady rate, whether or not earlier requests have their answer, as strangers do. After that all answers
 * are waited for.
 */
export async function openLoop(
  send: () => Promise<Outcome>,
  { perSecond, signal }: { readonly perSecond: number; readonly signal: AbortSignal },
): Promise<Outcome[]> {
  const asked: Promise<Outcome>[] = [];
  const started = performance.now();
  while (!signal.aborted) {
    const due = ((performance.now() - started) / 1000) * perSecond;
    while (asked.length < due) asked.push(send());
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return await Promise.all(asked);
}

/** How many outcomes there were of each kind, as one line. */
export function counted(outcomes: readonly Outcome[]): string {
  const counts = new Map<string, number>();
  for (const { status, code } of outcomes) {
    const kind = status === 200 ? "answered" : status === 0 ? `lost (${code})` : `${status} ${code}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts]
    .toSorted(([, one], [, other]) => other - one)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(", ");
}
