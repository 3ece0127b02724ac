import { fileURLToPath } from "node:url";
import { configJsonSchema } from "./schema.ts";

/** Where the JSON Schema of config files is published. */
export const configJsonSchemaFile: string = fileURLToPath(
  new URL("../../schema/training-config.json", import.meta.url),
);

/** The content that the file should have. */
export function configJsonSchemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}
