// Runs in a package's folder before it is published, and refuses what nobody could install: `workspace:` ranges, which
// only pnpm writes out, and a package of which a part was not built.
import { existsSync, readFileSync } from "node:fs";

const { name, exports = {}, bin = {}, files } = JSON.parse(readFileSync("package.json", "utf8"));
const entries = Object.values(exports).flatMap((entry) => (typeof entry === "string" ? [entry] : Object.values(entry)));
// A package of compiled parts has no entries; its description is written last.
const needed = [...entries, ...Object.values(bin), ...files.filter((file) => file === "native.json")];
const missing = needed.filter((file) => !existsSync(file));

const publisher = process.env.npm_config_user_agent?.split("/", 1)[0];
if (publisher !== "pnpm") {
  refuse(`${publisher ?? "this"} would publish its "workspace:" ranges as they stand: run \`npm run release\``);
} else if (missing.length > 0) {
  refuse(`${missing.join(", ")} missing: run \`npm run build\` and \`npm run prebuild\` first`);
}

function refuse(reason) {
  process.stderr.write(`${name} is not published: ${reason} (docs/releasing.md)\n`);
  process.exitCode = 1;
}
