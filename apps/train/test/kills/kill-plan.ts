import { Random } from "@detrkit/common";

/** What a run is doing when it is to be killed. `anything`: at a moment of the clock. */
export const occasions = ["anything", "saving", "evaluation", "report"] as const;

/** When a run is killed. */
export interface PlannedKill {
  readonly occasion: (typeof occasions)[number];
  /** How often the run does that before, since it was started: 0 for the first time. */
  readonly times: number;
  /** From there on, or of the clock from the first step of this start on. */
  readonly delayMs: number;
}

/** Longest delays: about what the small run takes for it. */
const longestMs: Readonly<Record<PlannedKill["occasion"], number>> = {
  anything: 6_000,
  saving: 40,
  evaluation: 700,
  report: 400,
};

/** Kills at random moments, the same ones for a seed. Every occasion comes as often as the others. */
export function planKills(count: number, seed: number): PlannedKill[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, index) => {
    const occasion = occasions[index % occasions.length] ?? "anything";
    const times = occasion === "saving" ? random.integer(0, 2) : 0;
    return { occasion, times, delayMs: random.uniform(0, longestMs[occasion]) };
  });
}
