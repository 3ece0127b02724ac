// Writes schema/training-config.json, which editors use to check config files: node --conditions=@detrkit/source <this
// file>
import { writeFileAtomic } from "@detrkit/common/files";
import { configJsonSchemaFile, configJsonSchemaText } from "./json-schema-file.ts";

await writeFileAtomic(configJsonSchemaFile, configJsonSchemaText());
