import { disposeVariables, engine } from "@tensorflow/tfjs-core";
import { type FixtureLocation, readFixture } from "./read-case.ts";
import type { Comparison, TopicRunner } from "./case.ts";

/** What came of one case. */
export interface CaseResult {
  readonly passed: boolean;
  /** Largest over the case's comparisons; NaN where nothing was compared. */
  readonly absolute: number;
  readonly relative: number;
  /** Why it failed, or what a reader must know of how it passed; empty where there is nothing to say. */
  readonly reason: string;
}

/** What runs the cases of each topic, loaded on first use: a runner that can't be loaded fails only its own cases. */
export type Topics = Readonly<Record<string, () => Promise<{ readonly run: TopicRunner }>>>;

/** Runs one case. Whatever goes wrong fails this case only; every tensor and variable it made is freed. */
export async function runCase(location: FixtureLocation, topics: Topics): Promise<CaseResult> {
  const load = Object.hasOwn(topics, location.topic) ? topics[location.topic] : undefined;
  if (load === undefined) return nothingCompared("part does not exist yet");
  engine().startScope();
  try {
    const { run } = await load();
    return summarise(await run(await readFixture(location)));
  } catch (error) {
    return nothingCompared(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  } finally {
    engine().endScope();
    disposeVariables();
  }
}

function summarise(comparisons: readonly Comparison[]): CaseResult {
  if (comparisons.length === 0) return nothingCompared("nothing was compared");
  const failures = comparisons.filter(({ passed }) => !passed);
  const [first] = failures;
  const more = failures.length > 1 ? ` (and ${failures.length - 1} more of ${comparisons.length})` : "";
  return {
    passed: failures.length === 0,
    absolute: Math.max(...comparisons.map(({ absolute }) => absolute)),
    relative: Math.max(...comparisons.map(({ relative }) => relative)),
    reason:
      first === undefined ? (comparisons.find(({ note }) => note !== undefined)?.note ?? "") : `${first.what}${more}`,
  };
}

function nothingCompared(reason: string): CaseResult {
  return { passed: false, absolute: NaN, relative: NaN, reason };
}
