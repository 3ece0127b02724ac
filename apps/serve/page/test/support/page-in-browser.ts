import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBackend } from "@detrkit/backend";
import { findChromium, launch } from "@detrkit/browsers/chromium";
import { DetectionServer, type ServerSettings } from "@detrkit/serve";
import type { Browser, Page } from "playwright-core";
import { buildPage } from "../../build.ts";
import { writeDecidedDetector } from "./decided-detector.ts";

/** The built page, two models, and browsers. */
export interface PageParts extends AsyncDisposable {
  /** A server of both models, with the page; it ends with these. */
  serve(settings?: Partial<ServerSettings>): Promise<DetectionServer>;
  /** The page in a window of its own. What it complains of is collected in `complaints`. */
  open(
    address: string,
    options?: { readonly width?: number; readonly dark?: boolean; readonly webgpu?: boolean },
  ): Promise<OpenPage>;
}

/** A page that was opened. */
export interface OpenPage {
  readonly page: Page;
  /** Paths of what it asked the server, in order. */
  readonly asked: readonly string[];
  /** Errors of its scripts, and what its security policy refused. */
  readonly complaints: readonly string[];
}

/** Builds and starts everything. */
export async function startPageParts(): Promise<PageParts> {
  const folder = await mkdtemp(join(tmpdir(), "detrkit-page-"));
  const pageFolder = join(folder, "page");
  // Only to write the models: the server runs them in processes of its own.
  await startBackend({ prefer: "cpu" });
  const models = new Map<string, string>();
  for (const preset of ["deformable-detr-small", "detr-small"] as const) {
    models.set(preset, join(folder, `${preset}.safetensors`));
    await writeDecidedDetector(join(folder, `${preset}.safetensors`), preset);
  }
  await buildPage(pageFolder);
  const browsers = new Map<boolean, Browser>();
  const servers: DetectionServer[] = [];
  return {
    serve: async (settings = {}) => {
      const server = await DetectionServer.listen({ models, pageFolder, port: 0, watch: false, ...settings });
      servers.push(server);
      await server.load();
      return server;
    },
    open: async (address, { width = 1100, dark = false, webgpu = false } = {}) => {
      const browser = browsers.get(webgpu) ?? (await launch(findChromium() ?? "", { webgpu }));
      browsers.set(webgpu, browser);
      const page = await browser.newPage({
        viewport: { width, height: 800 },
        colorScheme: dark ? "dark" : "light",
      });
      page.setDefaultTimeout(20_000);
      const [asked, complaints]: [string[], string[]] = [[], []];
      page.on("request", (request) => asked.push(new URL(request.url()).pathname));
      page.on("pageerror", ({ message }) => complaints.push(message));
      page.on("console", (message) => {
        if (/Content Security Policy|Refused to/u.test(message.text())) complaints.push(message.text());
      });
      await page.goto(`${address}/`);
      return { page, asked, complaints };
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...browsers.values()].map((browser) => browser.close()));
      await Promise.all(servers.map((server) => server.stop()));
      await rm(folder, { recursive: true });
    },
  };
}
