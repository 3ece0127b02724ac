// For backends with kernels of their own.
export { adamWKernel } from "./adamw-update.ts";
