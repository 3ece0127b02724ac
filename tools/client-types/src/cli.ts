// Writes the types of @detrkit/client from the server's schemas; `npm run format` lays them out.
import { writeFile } from "node:fs/promises";
import { openApiDocument } from "@detrkit/serve";
import { clientTypes, clientTypesFile, type OpenApiDocument } from "./client-types.ts";

await writeFile(
  clientTypesFile,
  await clientTypes(openApiDocument({ version: "0.0.0" }) as unknown as OpenApiDocument),
);
