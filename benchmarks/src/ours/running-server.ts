import { spawn } from "node:child_process";

/** How to start a server that says on stderr, when it is ready, at which port of this machine it listens. */
export interface ServerProgram {
  readonly command: readonly [program: string, ...args: readonly string[]];
  readonly env: NodeJS.ProcessEnv;
}

const stderrKept = 4_000;

/**
 * Starts a server and waits until it is ready. It is killed when this process ends.
 *
 * @throws Error with what it said where it ends before
 */
export async function startServer({
  command: [program, ...args],
  env,
}: ServerProgram): Promise<{ readonly address: string; readonly pid: number; readonly said: string }> {
  const server = spawn(program, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  process.once("exit", () => server.kill("SIGKILL"));
  // Else the signal would end this process without that.
  process.once("SIGTERM", () => process.exit(1));
  let said = "";
  return await new Promise((resolve, reject) => {
    server.once("error", (error) => reject(new Error(`${program} could not be started: ${error.message}`)));
    server.once("close", (code, signal) => {
      reject(new Error(`${[program, ...args].join(" ")} ended with ${signal ?? `exit code ${code}`}:\n${said}`));
    });
    server.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-stderrKept);
      const address = /http:\/\/127\.0\.0\.1:\d+(?=\s)/u.exec(said)?.[0];
      if (address !== undefined && server.pid !== undefined) resolve({ address, pid: server.pid, said });
    });
  });
}
