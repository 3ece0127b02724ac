import { ConfigError } from "@detrkit/common";

/** Stages of every backbone here, without the stem. */
export const numStages = 4;

/** @throws ConfigError unless there is a positive integer for each stage; `what` is backbone and setting */
export function expectFour(what: string, values: readonly number[]): readonly number[] {
  if (values.length === numStages && values.every((value) => Number.isInteger(value) && value > 0)) return values;
  throw new ConfigError(
    `${what} expected ${numStages} positive integers, one for each stage, got [${values.join(", ")}]`,
  );
}

/** @throws ConfigError unless these are stages in ascending order */
export function expectReturnStages(backbone: string, stages: readonly number[]): void {
  const valid =
    stages.length > 0 &&
    stages.every((stage, index) => Number.isInteger(stage) && stage > (stages[index - 1] ?? 0) && stage <= numStages);
  if (!valid)
    throw new ConfigError(
      `${backbone}: returnStages expected ascending stages from 1 to ${numStages}, got [${stages.join(", ")}]`,
    );
}

/** @throws ConfigError unless this is a number of parts: the stem and the stages */
export function expectFrozenStages(backbone: string, frozenStages: number): void {
  if (Number.isInteger(frozenStages) && frozenStages >= 0 && frozenStages <= numStages + 1) return;
  throw new ConfigError(
    `${backbone}: frozenStages expected 0 (train all) to ${numStages + 1} (train none), got ${frozenStages}`,
  );
}
