import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackendError } from "@detrkit/common";
import { expect, test } from "vitest";
import { checkCacheFolder, libraryProblem, processorProblem, thisMachine } from "./machine-check.ts";

test("a processor without AVX is refused; one that is not known to lack it is not", () => {
  const problem = "this processor has no AVX, which TensorFlow's library is compiled for";
  expect(processorProblem({ architecture: "x64", instructionSets: ["sse4_2"] })).toBe(problem);
  expect(processorProblem({ architecture: "x64", instructionSets: ["avx", "sse4_2"] })).toBeUndefined();
  expect(processorProblem({ architecture: "x64", instructionSets: [] })).toBeUndefined();
  expect(processorProblem({ architecture: "arm64", instructionSets: ["asimd"] })).toBeUndefined();
});

test("musl and a glibc that is too old are refused", () => {
  expect(libraryProblem({ glibc: undefined })).toContain("TensorFlow publishes nothing for musl (Alpine)");
  expect(libraryProblem({ glibc: "2.9" })).toBe("glibc 2.9 is older than 2.27, which TensorFlow's library needs");
  for (const glibc of ["2.27", "2.28", "2.36", "2.100", "3.0"]) expect(libraryProblem({ glibc })).toBeUndefined();
});

test.runIf(process.platform === "linux")("this machine tells what it is", () => {
  const machine = thisMachine();
  expect(machine.architecture).toBe(process.arch);
  expect(machine.glibc ?? "0.0").toMatch(/^\d+\.\d+$/);
});

test("a cache folder has to be one that can be written, and large enough", async () => {
  const parent = mkdtempSync(join(tmpdir(), "detrkit-machine-"));
  try {
    const folder = join(parent, "new", "cache");
    await checkCacheFolder(folder, 1e3);
    expect(readdirSync(folder)).toEqual([]);
    await expect(checkCacheFolder(folder, 1e18)).rejects.toThrow(
      /GB free in .*cache, 1000000000\.0 GB needed: make room, or set DETRKIT_CACHE/,
    );
    writeFileSync(join(parent, "file"), "");
    const problem = `${join(parent, "file", "x")} can't be written (ENOTDIR): set DETRKIT_CACHE to another folder`;
    await expect(checkCacheFolder(join(parent, "file", "x"), 1)).rejects.toThrow(new BackendError(problem));
  } finally {
    rmSync(parent, { recursive: true });
  }
});
