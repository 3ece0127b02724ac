import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const pollMs = 200;

/**
 * Runs `work` while no other process or thread on this machine runs work with the same name. Linux only, like the
 * native build.
 *
 * The lock is a listening socket in Linux's abstract namespace: binding it is atomic, and the kernel releases it when
 * its owner ends, in whatever way. So there is nothing to clean up, and two waiters can never both take it.
 *
 * @param name - the path to protect
 * @param waiting - called once, if another process has the lock
 */
export async function exclusively<Result>(
  name: string,
  waiting: () => void,
  work: () => Promise<Result>,
): Promise<Result> {
  const address = `\0detrkit-${createHash("sha256").update(resolve(name)).digest("hex").slice(0, 32)}`;
  let lock = await take(address);
  if (lock === undefined) waiting();
  while (lock === undefined) {
    await sleep(pollMs);
    lock = await take(address);
  }
  try {
    return await work();
  } finally {
    lock.close();
    await once(lock, "close");
  }
}

async function take(address: string): Promise<Server | undefined> {
  const server = createServer((connection) => connection.destroy());
  try {
    server.listen({ path: address });
    await once(server, "listening");
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return undefined;
    throw error;
  }
}
