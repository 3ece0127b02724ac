export { AdamW } from "./adamw.ts";
export type { AdamWConfig, StepResult } from "./adamw.ts";
export type { LossWithTerms } from "./loss-gradients.ts";
export type { StateTensor } from "./moments.ts";
export { NonFiniteError } from "./non-finite-error.ts";
export type { ParameterGroup } from "./parameter-groups.ts";
export { constantSchedule, cosineSchedule, stepSchedule } from "./schedules.ts";
export type { CosineScheduleConfig, Schedule, StepScheduleConfig } from "./schedules.ts";
