import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import staticFiles from "@fastify/static";
import type { FastifyInstance } from "fastify";

const pageFolder = (): string => {
  // In src/http of the sources, in dist of the package.
  const up = import.meta.url.endsWith(".ts") ? "../../page/dist" : "../page/dist";
  return fileURLToPath(new URL(up, import.meta.url));
};

/** Serves the built page at `/`, or one line that says how to build it. */
export async function servePage(app: FastifyInstance, folder: string = pageFolder()): Promise<void> {
  if (!existsSync(join(folder, "index.html"))) {
    app.get("/", async (_, reply) =>
      reply
        .type("text/plain; charset=utf-8")
        .send("detrkit-serve runs; its page was not built. POST an image to /v1/detect; /docs says more.\n"),
    );
    return;
  }
  await app.register(staticFiles, { root: folder, wildcard: false, dotfiles: "ignore", index: "index.html" });
}
