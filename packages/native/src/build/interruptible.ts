const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs `work` so that a signal ends it in order: what it started is stopped by the AbortSignal, its `finally` blocks
 * clean up, and then the signal does what it does otherwise.
 */
export async function interruptible<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  const abort = (signal: NodeJS.Signals): void => {
    received ??= signal;
    controller.abort();
  };
  for (const signal of signals) process.on(signal, abort);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, abort);
    // Whoever else listens has heard it already; without a listener the process ends by it here.
    if (received !== undefined && process.listenerCount(received) === 0) process.kill(process.pid, received);
  }
}
