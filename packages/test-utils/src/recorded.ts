export type { Comparison, Fixture, FixtureTensor, FixtureValues, TopicRunner } from "./recorded/case.ts";
export {
  check,
  compareExactly,
  compareNumbers,
  compareRecorded,
  compareTensor,
  tensorOf,
  toleranceOf,
} from "./recorded/compare.ts";
export type { CompareOptions, Tolerance } from "./recorded/compare.ts";
export { compareGradients, gradientKeys, sampled, sampledKeyBias } from "./recorded/gradients.ts";
export { inputBatch, inputImages } from "./recorded/input-images.ts";
export {
  inOriginalLayout,
  loadOriginalTensor,
  loadOriginalWeights,
  originalGradients,
  stateDictEntries,
} from "./recorded/original-weights.ts";
export type { OriginalNames, StateDictEntry } from "./recorded/original-weights.ts";
export { listFixtures, readFixture } from "./recorded/read-case.ts";
export type { FixtureLocation } from "./recorded/read-case.ts";
export { depthOf } from "./recorded/resnet-depth.ts";
export { runCase } from "./recorded/run-case.ts";
export type { CaseResult, Topics } from "./recorded/run-case.ts";
export { backendChoices, startGradientBackend } from "./recorded/start-backend.ts";
export type { BackendChoice } from "./recorded/start-backend.ts";
export { compareSubject } from "./recorded/subject.ts";
export type { Subject } from "./recorded/subject.ts";
export { targetOf } from "./recorded/target-of.ts";
export { inMemory, toTensor } from "./recorded/tensors.ts";
export { unit, weightOf } from "./recorded/weights-formula.ts";
