import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const programs = ["chromium", "chromium-browser", "google-chrome"] as const;

/** Everything by software, so that it runs, and comes to the same numbers, on machines without a GPU. */
const softwareDrivers = {
  // Pages are not painted by that driver: a picture with a dozen large masks took it seconds.
  painting: ["--disable-gpu-rasterization"],
  webgl: ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"],
  webgpu: ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"],
};

/** The path of Chromium: DETRKIT_CHROMIUM, or one on PATH. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  const candidates = programs.flatMap((program) => folders.map((folder) => join(folder, program)));
  return [env["DETRKIT_CHROMIUM"] ?? "", ...candidates].find(isProgram);
}

/** Where {@link findChromium} looks, for messages. */
export const placesOfChromium: string = `${programs.join(", ")} on PATH; DETRKIT_CHROMIUM names another`;

/** Starts it without a window; the caller closes it. */
export async function launch(
  executablePath: string,
  { webgpu = true }: { readonly webgpu?: boolean } = {},
): Promise<Browser> {
  const { painting, webgl } = softwareDrivers;
  const args = [...painting, ...webgl, ...(webgpu ? softwareDrivers.webgpu : ["--disable-features=WebGPU"])];
  return await chromium.launch({ executablePath, args });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return path !== "";
  } catch {
    return false;
  }
}
