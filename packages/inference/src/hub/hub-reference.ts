import { homedir } from "node:os";
import { join } from "node:path";
import { CheckpointError } from "@detrkit/common";

/** A model on a hub. */
export interface HubReference {
  readonly owner: string;
  readonly name: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

/** Whether a name of weights is one on a hub, not a path. */
export function isHubName(path: string): boolean {
  return path.startsWith("hf:");
}

/**
 * Reads `hf:owner/name` or `hf:owner/name@revision`.
 *
 * @throws CheckpointError where it is neither
 */
export function hubReference(text: string): HubReference {
  const word = "[A-Za-z0-9_][A-Za-z0-9._-]*";
  const found = new RegExp(`^hf:(${word})/(${word})(?:@(${word}(?:/${word})*))?$`, "u").exec(text);
  const [, owner, name, revision = "main"] = found ?? [];
  if (owner !== undefined && name !== undefined && !revision.includes("..")) return { owner, name, revision };
  throw new CheckpointError(
    `${text}: expected hf:OWNER/NAME or hf:OWNER/NAME@REVISION, for example hf:facebook/detr-resnet-50@no_timm`,
  );
}

/** Where a hub is and who asks it, as its own programs read it from the environment. */
export interface HubSettings {
  /** Its address, without a slash at the end. */
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly offline: boolean;
  /** Where downloads are kept. */
  readonly cache: string;
  /** Where the hub's own programs keep theirs, which are read too. */
  readonly otherCache: string;
}

/** The settings of an environment: HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, HF_HOME, DETRKIT_CACHE. */
export function hubSettings(env: NodeJS.ProcessEnv = process.env): HubSettings {
  const { HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE = "", HF_HOME, DETRKIT_CACHE, XDG_CACHE_HOME } = env;
  const caches = XDG_CACHE_HOME ?? join(homedir(), ".cache");
  return {
    endpoint: (HF_ENDPOINT ?? "https://huggingface.co").replace(/\/+$/u, ""),
    token: HF_TOKEN === "" ? undefined : HF_TOKEN,
    offline: ["1", "true", "yes", "on"].includes(HF_HUB_OFFLINE.toLowerCase()),
    cache: join(DETRKIT_CACHE ?? join(caches, "detrkit"), "hub"),
    otherCache: join(HF_HOME ?? join(caches, "huggingface"), "hub"),
  };
}
