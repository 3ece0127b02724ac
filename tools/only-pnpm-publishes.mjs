// Runs before a package is published: only pnpm and yarn write version ranges for `workspace:^`.
const publisher = process.env.npm_config_user_agent?.split("/", 1)[0];
if (publisher !== "pnpm") {
  process.stderr.write(
    `${publisher ?? "this"} would publish "workspace:" ranges, which cannot be installed: run \`pnpm publish\`, ` +
      "or `npm run release` for all packages (docs/releasing.md)\n",
  );
  process.exitCode = 1;
}
