// `npm run prebuild`: puts the compiled parts into @detrkit/native-PLATFORM, for machines without a compiler, with
// another processor or an older C library. Only needed to publish the packages; on other machines cli.ts builds the
// native backend.
import { copyFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BackendError, DetrkitError } from "@detrkit/common";
import { contentsName } from "./whole-folder.ts";
import { buildNative } from "./build-native.ts";
import {
  missingBaselines,
  prebuiltFolder,
  prebuiltManifest,
  type PrebuiltManifest,
  sourcesKey,
} from "./native-cache.ts";
import { unportableSymbols } from "./system-symbols.ts";

/** The oldest C library that the package is for: that of Debian 10, Ubuntu 18.10 and RHEL 8. */
const oldestGlibc = "2.28";

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

async function prebuild(target: string): Promise<void> {
  // Files of another build don't count: this one is made from the sources.
  await rm(join(target, prebuiltManifest), { force: true });
  const installation = await buildNative(say);
  const missing = missingBaselines(installation);
  if (missing.length > 0)
    throw new BackendError(
      `no kernels for ${missing.join(", ")} (${installation.log}): a package has to have them all`,
    );
  const files = (await readdir(installation.folder)).filter((file) => file !== contentsName);
  for (const file of files) {
    const symbols = await unportableSymbols(join(installation.folder, file), oldestGlibc);
    if (symbols.length > 0)
      throw new BackendError(`${file} needs more than glibc ${oldestGlibc}: ${symbols.join(", ")}`);
  }
  for (const file of files) {
    await copyFile(join(installation.folder, file), join(target, `.${file}`));
    await rename(join(target, `.${file}`), join(target, file));
  }
  const manifest: PrebuiltManifest = { key: sourcesKey("cpu") };
  await writeFile(join(target, prebuiltManifest), JSON.stringify(manifest));
  say(`${target}: ${files.join(", ")}`);
}

try {
  const target = prebuiltFolder();
  if (target === undefined)
    throw new BackendError(`there is no package of compiled parts for ${process.platform}-${process.arch}`);
  await prebuild(target);
} catch (error) {
  if (!DetrkitError.isInstance(error)) throw error;
  say(error.message);
  process.exitCode = 1;
}
