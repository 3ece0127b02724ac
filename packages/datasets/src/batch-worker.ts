import { parentPort } from "node:worker_threads";
import { runImageTask } from "./batches/image-task.ts";
import { packError, unpackTask, type WorkerReply, type WorkerRequest } from "./batches/worker-messages.ts";

// Two at a time: while this thread resizes one image, another thread of the process decodes the next.
const atOnce = 2;

type Run = Extract<WorkerRequest, { kind: "run" }>;

const port = parentPort;
if (port === null) throw new Error("batch-worker runs in a worker thread only; use batches() from @detrkit/datasets");

let queue: Run[] = [];
let running = 0;

async function work({ id, task }: Run): Promise<void> {
  const reply = await unpackTask(task)
    .then(runImageTask)
    .then(
      (): WorkerReply => ({ id }),
      (error: unknown): WorkerReply => ({ id, error: packError(error, task.name) }),
    );
  running--;
  port?.postMessage(reply);
  startNext();
}

function startNext(): void {
  while (running < atOnce) {
    const next = queue.shift();
    if (next === undefined) return;
    running++;
    void work(next);
  }
}

port.on("message", (request: WorkerRequest) => {
  if (request.kind === "run") {
    queue.push(request);
    startNext();
    return;
  }
  const forgotten = new Set(request.ids);
  queue = queue.filter(({ id }) => !forgotten.has(id));
});
