import { type BackendName, type StartedBackend, describeBackend } from "@detrkit/backend";
import type { EstimateEvent } from "@detrkit/training";
import { presetsToTrain } from "../configuration/frozen-random-weights.ts";
import type { RunConfig } from "../configuration/resolve-config.ts";
import type { BackendChoice } from "../configuration/run-settings.ts";
import { duration } from "../text.ts";

/**
 * From how many hours on a run is called long. Where nothing is faster it is what fits between two working days. The
 * other backends are so much slower than the native one that after an hour the time is better spent on getting that.
 */
const longHours: Readonly<Record<BackendName, number>> = { native: 12, wasm: 1, cpu: 1 };

/** What the warning needs to know of a run. */
export interface LongRun {
  readonly backend: StartedBackend;
  readonly config: Pick<RunConfig, "backend" | "definition" | "epochs" | "preset"> & {
    readonly transforms: Pick<RunConfig["transforms"], "kind" | "maxSide" | "size">;
  };
  /** A resumed run keeps its settings, but for a few. */
  readonly resumed: boolean;
}

/** What is said of a run that will not end in reasonable time, with the ways out; undefined where it will. */
export function longRunWarning(estimate: EstimateEvent, run: LongRun): string | undefined {
  const limit = longHours[run.backend.name] * 3600;
  if (estimate.seconds <= limit) return undefined;
  const smaller = run.resumed ? [] : smallerRun(run.config);
  const ways = [...fasterBackend(run.backend, run.config.backend), ...fewerEpochs(estimate, run, limit), ...smaller];
  return [
    `WARNING: this training takes about ${duration(estimate.seconds)} on the backend ${run.backend.name}. Ways out:`,
    ...ways.map((way) => `  - ${way}`),
    "Ctrl-C keeps what is done, and --resume goes on from there; --overwrite starts anew.",
  ].join("\n");
}

function fewerEpochs(
  { seconds, stepsLeft, stepsPerEpoch }: EstimateEvent,
  { config, backend }: LongRun,
  limit: number,
): readonly string[] {
  const epochsLeft = stepsLeft / stepsPerEpoch;
  const secondsPerEpoch = seconds / epochsLeft;
  const epochs = config.epochs - Math.ceil(epochsLeft) + Math.floor(limit / secondsPerEpoch);
  if (limit < secondsPerEpoch) return [`fewer images: one epoch alone takes ${duration(secondsPerEpoch)}`];
  return [
    `fewer epochs: --epochs ${epochs} would end within about ${longHours[backend.name]} h (now ${config.epochs})`,
  ];
}

function smallerRun({ definition, preset, transforms }: LongRun["config"]): readonly string[] {
  const { kind, size: imageSize, maxSide } = transforms;
  const [width = 0, height = 0] = imageSize.split("x").map(Number);
  const halved = `${Math.round(width / 2)}x${Math.round(height / 2)}`;
  const size =
    kind === "letterbox" || kind === "fixed"
      ? `--transforms.size ${halved} (now ${imageSize})`
      : `--transforms.kind letterbox --transforms.size 320x240 (now up to ${maxSide} pixels)`;
  const small = presetsToTrain(definition);
  return [
    `smaller images: ${size}`,
    ...(small.length === 0 || small.includes(preset)
      ? []
      : [`a smaller model: --preset ${small.join(" or ")} (now ${preset})`]),
  ];
}

/**
 * How a faster backend is got, a line each: by not asking for this one, or by what is missing for the native one.
 *
 * @param asked - what the user asked for
 */
export function fasterBackend(backend: StartedBackend, asked: BackendChoice): readonly string[] {
  if (backend.name === "native") return [];
  if (asked !== "auto") return [`a faster backend: leave --backend ${asked} away, and the fastest there is gets taken`];
  return describeBackend(backend).advice;
}
