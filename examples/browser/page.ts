// The page's own thread: shows a picture, asks the worker, draws its answer.
import type { Answer, Question } from "./messages.ts";

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const canvas = document.querySelector("canvas") as HTMLCanvasElement;
const status = document.querySelector("[role=status]") as HTMLElement;
const list = document.querySelector("ul") as HTMLElement;
const context = canvas.getContext("2d") as CanvasRenderingContext2D;
const threshold = Number(new URLSearchParams(location.search).get("threshold") ?? 0.5);

async function ask(file: Blob): Promise<void> {
  const picture = await createImageBitmap(file);
  // Small pictures are shown larger; boxes are drawn in the picture's own pixels all the same.
  const scale = Math.max(1, canvas.clientWidth / picture.width);
  [canvas.width, canvas.height] = [picture.width * scale, picture.height * scale];
  context.scale(scale, scale);
  context.drawImage(picture, 0, 0);
  context.font = `bold ${16 / scale}px sans-serif`;
  context.lineWidth = 3 / scale;
  status.textContent = "Looking …";
  const question: Question = { weights: new URL("detector.safetensors", location.href).href, picture, threshold };
  worker.postMessage(question, [picture]);
}

worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
  if ("problem" in data) {
    status.textContent = data.problem;
    return;
  }
  const { detections } = data.found;
  list.replaceChildren();
  for (const { label, labelId, score, box } of detections) {
    context.strokeStyle = context.fillStyle = `hsl(${(labelId * 137) % 360} 90% 30%)`;
    context.strokeRect(box.xmin, box.ymin, box.xmax - box.xmin, box.ymax - box.ymin);
    const height = 7 * context.lineWidth;
    context.fillRect(box.xmin, box.ymin - height, context.measureText(label).width + height / 2, height);
    context.fillStyle = "white";
    context.fillText(label, box.xmin + height / 4, box.ymin - height / 4);
    const item = document.createElement("li");
    item.textContent = `${label}, ${(100 * score).toFixed(1)} %`;
    list.append(item);
  }
  status.textContent = `${detections.length} found in ${data.milliseconds.toFixed(0)} ms on ${data.backend}`;
});

document.querySelector("input")?.addEventListener("change", ({ target }) => {
  const [file] = (target as HTMLInputElement).files ?? [];
  if (file !== undefined) void ask(file);
});

await ask(await (await fetch("picture.png")).blob());
