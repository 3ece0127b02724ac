import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  exportStateDict,
  originalToHuggingFace,
  readParameters,
  saveCheckpoint,
  type TensorData,
  writeSafetensors,
} from "@detrkit/checkpoint";
import { CheckpointError, ConfigError } from "@detrkit/common";
import { writeFileAtomic } from "@detrkit/common/files";
import type { DetectorSettings } from "@detrkit/detr";
import { knownFamilies } from "../build-detector.ts";
import { type DetectorDescription, descriptionMetadata, stuffLabels } from "../description.ts";
import { familyNamed } from "../families.ts";
import { stuffKey } from "../hugging-face-config.ts";
import { loadDetector, type LoadDetectorOptions } from "../load-detector.ts";
import { encodeSettings } from "../settings-in-header.ts";
import type { FamilyWriter } from "./family-writer.ts";
import { preprocessorConfig } from "./preprocessor-config.ts";

/** The programs that weights can be written for. */
export const weightFormats = ["hugging-face", "original", "detrkit"] as const;
/** `hugging-face`: a folder of Transformers; `original`: a state dict of the authors' code; `detrkit`: a checkpoint. */
export type WeightFormat = (typeof weightFormats)[number];

/** Settings of {@link convertDetector}. */
export interface ConvertOptions extends LoadDetectorOptions {
  readonly to: WeightFormat;
  /** The folder to write into; made where it is not there. */
  readonly output: string;
}

/** What was written. */
export interface ConvertedDetector {
  /** What `loadDetector` takes. */
  readonly weights: string;
  readonly files: readonly string[];
}

const fileNames: Readonly<Record<WeightFormat, readonly [string, ...string[]]>> = {
  // The last one makes the folder one of Transformers: a folder that was not finished is none.
  "hugging-face": ["model.safetensors", "preprocessor_config.json", "config.json"],
  original: ["original.safetensors"],
  detrkit: ["checkpoint-best.safetensors"],
};

/**
 * Writes a detector's weights for another program. Every number keeps its bits.
 *
 * @param path - what `loadDetector` takes
 * @throws ConfigError naming the settings that the other program can't express, or a file that is there already;
 *   CheckpointError where the weights can't be read
 */
export async function convertDetector(
  path: string,
  { to, output, ...options }: ConvertOptions,
): Promise<ConvertedDetector> {
  const files = fileNames[to].map((name) => join(output, name));
  const taken = files.find((file) => existsSync(file));
  if (taken !== undefined) throw new ConfigError(`${taken} is there already; choose another folder`);
  const detector = await loadDetector(path, options);
  try {
    const description = detector.description as Required<DetectorDescription>;
    const weights = files[0] ?? output;
    if (to === "detrkit") {
      await saveCheckpoint(weights, { model: detector.model, metadata: descriptionMetadata(description) });
      return { weights: output, files };
    }
    const writer = writerOf(description.detector, path, options);
    expectExpressible(writer, description.detector, { to, path });
    const dialect = writer.dialectOf(description.detector);
    const stateDict = exportStateDict(await readParameters(detector.model), { dialect });
    if (to === "original") {
      await writeSafetensors(weights, stateDict, { format: "pt", ...encodeSettings(description) });
      return { weights, files };
    }
    await writeHuggingFace(output, stateDict, description, writer);
    return { weights: output, files };
  } finally {
    detector.dispose();
  }
}

function writerOf({ model }: DetectorSettings, path: string, { detectors }: LoadDetectorOptions): FamilyWriter {
  const family = familyNamed(model, knownFamilies(detectors), path);
  const writer = family.dialects?.find((dialect) => dialect.writer !== undefined)?.writer;
  if (writer !== undefined) return writer;
  throw new CheckpointError(
    `${path}: holds a ${family.title}, which no other program has; it can be written as detrkit`,
  );
}

function expectExpressible(
  writer: FamilyWriter,
  settings: DetectorSettings,
  { to, path }: { readonly to: WeightFormat; readonly path: string },
): void {
  const [program, problems] =
    to === "original"
      ? ["the authors' code", writer.problemsForOriginal(settings)]
      : ["Transformers", writer.problemsForHuggingFace(settings)];
  if (problems.length > 0)
    throw new ConfigError(
      `${path}: ${program} can't express ${problems.join("; ")}. ` +
        "Train with settings that it has what is to be converted",
    );
}

async function writeHuggingFace(
  output: string,
  stateDict: ReadonlyMap<string, TensorData>,
  { detector, categories, transforms }: Required<DetectorDescription>,
  writer: FamilyWriter,
): Promise<void> {
  const config = writer.huggingFaceConfig(detector);
  const preprocessor = preprocessorConfig(transforms, String(config["model_type"]));
  const stuff = stuffLabels(categories);
  const names = categories.map(({ name }, label) => [String(label), name] as const);
  const classes = {
    id2label: Object.fromEntries(names),
    label2id: Object.fromEntries(names.map(([label, name]) => [name, Number(label)])),
  };
  const [weights = "", preprocessorFile = "", configFile = ""] = fileNames["hugging-face"].map((name) =>
    join(output, name),
  );
  const kind = config["use_timm_backbone"] === true ? "timm" : "transformers";
  await writeSafetensors(weights, originalToHuggingFace(stateDict, kind), { format: "pt" });
  await writeFileAtomic(preprocessorFile, jsonText(preprocessor));
  await writeFileAtomic(
    configFile,
    jsonText({ ...config, ...classes, ...(stuff.length > 0 && { [stuffKey]: stuff }) }),
  );
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
