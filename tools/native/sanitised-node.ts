import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { runForeground, runStep } from "../bootstrap/child-process.mjs";
import { nativeInstallation } from "../../packages/native/src/build/native-cache.ts";
import { sanitiseFolder } from "./sanitised-program.ts";
import { root } from "./sources.ts";

// Not checked: virtual tables, which need the C++ library that the addon has inside; null pointers where nothing is
// copied, as tfjs-node's binding does when an empty tensor is read. The kernels alone, without Node, are checked for
// these too.
const sanitisers =
  "-fsanitize=address,undefined -fno-sanitize=vptr,nonnull-attribute -fno-sanitize-recover=all -g1 " +
  "-fno-omit-frame-pointer";

/**
 * Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer in a cache of its own, by a compiler that adds
 * them to whatever it is asked, and runs the numeric tests of the kernels on it, inside Node and with TensorFlow.
 * Returns the exit code.
 */
export async function runInNode(program: string): Promise<number> {
  // What the wrapper adds is no part of the build's own key.
  const cache = join(sanitiseFolder, `node-${createHash("sha256").update(sanitisers).digest("hex").slice(0, 8)}`),
    wrapper = join(cache, "bin");
  mkdirSync(join(cache, "native"), { recursive: true });
  mkdirSync(wrapper, { recursive: true });
  const { tensorflow } = nativeInstallation("cpu");
  const link = join(cache, "native", basename(tensorflow));
  if (!existsSync(link)) symlinkSync(tensorflow, link);
  const real = (await runStep("sh", ["-c", `command -v ${program}`])).output.trim();
  const script = join(wrapper, "g++");
  // Less than the build's own optimisation, which comes before: the last one counts.
  writeFileSync(script, `#!/bin/sh\nunset LD_PRELOAD\nexec ${real} "$@" ${sanitisers} -O1\n`);
  chmodSync(script, 0o755);
  // Node does not link the sanitisers' libraries, which have to come first, nor the C++ library whose exceptions it
  // wraps.
  const libraries = await Promise.all(
    ["libasan.so", "libubsan.so", "libstdc++.so.6"].map(async (name) =>
      (await runStep(real, [`-print-file-name=${name}`])).output.trim(),
    ),
  );
  const env = {
    ...process.env,
    DETRKIT_CACHE: cache,
    DETRKIT_GPU: "0",
    DETRKIT_RETRY: "1",
    DETRKIT_REQUIRE_NATIVE: "1",
    PATH: [wrapper, process.env["PATH"]].join(delimiter),
    LD_PRELOAD: libraries.join(" "),
    // Node frees nothing when it ends, and V8 has a use for segmentation faults.
    ASAN_OPTIONS: "detect_leaks=0:handle_segv=0:allow_user_segv_handler=1",
    UBSAN_OPTIONS: "print_stacktrace=1",
  };
  const source = ["--conditions=@detrkit/source", "--disable-warning=ExperimentalWarning"];
  const built = await runForeground(process.execPath, [...source, join(root, "packages/native/src/build/cli.ts")], {
    cwd: root,
    env,
  });
  if (built !== 0) return built;
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  return runForeground(
    process.execPath,
    [vitest, "run", "--project", "numeric", "--no-file-parallelism", "packages/native/src/ops"],
    { cwd: root, env },
  );
}
