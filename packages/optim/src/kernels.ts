// For those who write kernels for a backend.
export { adamWKernel } from "./adamw-update.ts";
