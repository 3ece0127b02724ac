import { existsSync, readFileSync } from "node:fs";

const driverFile = "/proc/driver/nvidia/version";

/** Whether a driver of an NVIDIA GPU is loaded (Linux). `DETRKIT_GPU=0` ignores it. */
export function hasNvidiaGpu(): boolean {
  return process.env["DETRKIT_GPU"] !== "0" && existsSync(driverFile);
}

/** The driver's own line about itself. */
export function nvidiaDriver(): string | undefined {
  return existsSync(driverFile) ? readFileSync(driverFile, "utf8").split("\n")[0] : undefined;
}
