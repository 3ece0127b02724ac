const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs `work` so that a process signal ends it cleanly: the AbortSignal stops what it started, its `finally` blocks
 * clean up, and then the process signal has its usual effect.
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
    // Other listeners have received it already; without any the process ends by it here.
    if (received !== undefined && process.listenerCount(received) === 0) process.kill(process.pid, received);
  }
}
