export { openApiDocument } from "./api/openapi.ts";
export { Problem, problems } from "./api/problems.ts";
export type { ProblemCode, ProblemDocument } from "./api/problems.ts";
