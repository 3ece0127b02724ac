// Holds the parts of the page together: an image comes in, an engine finds what is in it, stage and list show it.
import { DetectionClient, type Detection } from "@detrkit/client";
import { listenForCamera } from "./camera.ts";
import { createDetectionList } from "./detection-list.ts";
import { summary, visibleFrom } from "./detections.ts";
import { byId } from "./elements.ts";
import type { Engine, Found } from "./engine.ts";
import { Explanations } from "./explanations.ts";
import { FoundMasks } from "./found-masks.ts";
import { localEngine } from "./local-engine.ts";
import { createMessages } from "./messages.ts";
import { createModelChoice } from "./models.ts";
import { listenForPictures } from "./picture-sources.ts";
import { problemOf } from "./problems.ts";
import { serverEngine } from "./server-engine.ts";
import { createStage } from "./stage.ts";

const server = new URL(".", location.href).href;
const local = byId("local", HTMLInputElement);
const threshold = byId("threshold", HTMLInputElement);
const thresholdValue = byId("threshold-value", HTMLOutputElement);
const why = byId("why", HTMLInputElement);
const masks = byId("masks", HTMLInputElement);
const stageElement = byId("stage", HTMLElement);

let apiKey: string | undefined;
let engine: Engine | undefined;
let image: { readonly bytes: Blob; readonly address: string } | undefined;
let found: Found | undefined;
let explanations: Explanations | undefined;
let foundMasks: FoundMasks | undefined;
let chosen: number | undefined;
/** Of the image that is being looked at; the next one ends it. */
let looking = new AbortController();

const list = createDetectionList(choose);
const stage = createStage(choose);
const messages = createMessages((key) => {
  apiKey = key;
  messages.problem(undefined);
  void start();
});
const models = createModelChoice(restart);

const newClient = (): DetectionClient =>
  new DetectionClient({ server, ...(apiKey === undefined ? {} : { apiKey }), longestWaitMs: 5000 });

async function start(): Promise<void> {
  try {
    await models.load(newClient());
    restart();
  } catch (error) {
    report(error);
  }
}

/** Another model, another key, or the other place to run: what is shown is found again. */
function restart(): void {
  engine?.close();
  engine = undefined;
  messages.progress(undefined);
  if (image !== undefined) void look();
}

function engineOfChoice(): Engine {
  const model = models.chosen();
  if (!local.checked) return serverEngine(newClient(), model.name);
  if (model.weights === null)
    throw new Error(`The model "${model.name}" has no file that a browser can run. Switch back to the server`);
  messages.progress({ loaded: 0, total: model.weights?.bytes });
  return localEngine({
    server,
    apiKey,
    model: model.name,
    onProgress: (loaded, total) => messages.progress({ loaded, total }),
    onLoaded: () => {
      messages.progress(undefined);
      messages.status("Looking, for the first time in this browser …");
    },
  });
}

async function take(bytes: Blob, name: string): Promise<void> {
  looking.abort();
  found = undefined;
  foundMasks = undefined;
  if (image !== undefined) URL.revokeObjectURL(image.address);
  image = undefined;
  show();
  messages.problem(undefined);
  const address = URL.createObjectURL(bytes);
  try {
    await stage.show(address, name);
    image = { bytes, address };
    await look();
  } catch (error) {
    report(error);
  }
}

async function look(): Promise<void> {
  if (image === undefined) return;
  looking.abort();
  looking = new AbortController();
  const { signal } = looking;
  stageElement.ariaBusy = "true";
  messages.problem(undefined);
  messages.status("Looking …");
  try {
    engine ??= engineOfChoice();
    byId("masks-field", HTMLLabelElement).hidden = !models.hasMasks();
    const answer = await engine.detect(image.bytes, { threshold: 0, masks: false }, signal);
    signal.throwIfAborted();
    found = answer;
    explanations = new Explanations(engine, image.bytes, signal);
    foundMasks = models.hasMasks() ? new FoundMasks(engine, image.bytes, answer, signal) : undefined;
    show();
    await showMasks();
  } catch (error) {
    if (signal.aborted) return;
    // What could not be loaded is not asked again: the next image tries from the start.
    engine?.close();
    engine = undefined;
    messages.progress(undefined);
    report(error);
  } finally {
    if (!signal.aborted) stageElement.ariaBusy = "false";
  }
}

/** What is found, from the slider's score on; with masks where these are here and wanted. */
function visible(): readonly Detection[] {
  const detections = (masks.checked ? foundMasks?.detections : undefined) ?? found?.detections ?? [];
  return visibleFrom(detections, threshold.valueAsNumber);
}

/** Asks for the masks that are missing, and draws them. */
async function showMasks(): Promise<void> {
  if (masks.checked && (await foundMasks?.load(threshold.valueAsNumber)) === true) show();
}

function show(): void {
  thresholdValue.textContent = threshold.valueAsNumber.toFixed(2);
  const detections = visible();
  if (found !== undefined) {
    stage.draw(found, detections);
    messages.status(`${summary(detections)}. ${found.milliseconds.toFixed(0)} ms on ${found.where}`);
  }
  list.show(detections);
  choose(chosen !== undefined && chosen < detections.length ? chosen : undefined, true);
}

/** Marks a detection in picture and list, and shows what the model looked at as soon as that is known. */
function choose(index: number | undefined, redrawn = false): void {
  if (index === chosen && !redrawn) return;
  chosen = index;
  list.mark(index);
  stage.mark(index, undefined);
  const detection = index === undefined ? undefined : found?.detections[index];
  if (index === undefined || detection === undefined || explanations === undefined || !why.checked) return;
  void explain(explanations, detection, index);
}

async function explain(explanations: Explanations, detection: Detection, index: number): Promise<void> {
  try {
    const attention = await explanations.of(detection, index);
    if (chosen === index && found?.detections[index] === detection) stage.mark(index, attention);
  } catch (error) {
    report(error);
  }
}

function report(error: unknown): void {
  const problem = problemOf(error);
  if (problem === undefined) return;
  messages.status("");
  messages.problem(problem);
}

const taken = (bytes: Blob, name: string): void => void take(bytes, name);
listenForPictures(taken, report);
listenForCamera(taken, report);
threshold.addEventListener("input", show);
// The slider rests.
threshold.addEventListener("change", () => void showMasks().catch(report));
masks.addEventListener("change", () => {
  show();
  void showMasks().catch(report);
});
why.addEventListener("change", () => choose(chosen, true));
local.addEventListener("change", restart);
show();
void start();
