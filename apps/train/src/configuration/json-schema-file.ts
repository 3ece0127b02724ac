import { fileURLToPath } from "node:url";
import { z } from "zod";
import { ownDefinitions, presetNames, schemaOf } from "./definitions.ts";
import { partial } from "./settings-tree.ts";

/** Where the JSON Schema of configuration files is published. */
export const configJsonSchemaFile: string = fileURLToPath(
  new URL("../../schema/training-config.json", import.meta.url),
);

/** The JSON Schema of a configuration file: for each detector what may stand beside one of its presets. */
export function configJsonSchema(): Record<string, unknown> {
  const ofEach = ownDefinitions.map((definition) => {
    const schema = partial(schemaOf(definition)).extend({
      $schema: z.string().exactOptional(),
      preset: z.enum(presetNames([definition])).exactOptional(),
    });
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: "draft-2020-12", io: "input" });
    return { title: definition.title, ...rest };
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "detrkit training configuration",
    anyOf: ofEach,
  };
}

/** The content that the file should have. */
export function configJsonSchemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}
