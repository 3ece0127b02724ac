import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  ssr: { resolve: { conditions: ["@detrkit/source", ...defaultServerConditions] } },
  test: {
    setupFiles: ["./tools/vitest-setup.ts"],
    execArgv: ["--conditions=@detrkit/source"],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [
            "{packages,apps}/*/{src,test-support}/**/*.test.ts",
            "{tools,benchmarks}/**/*.test.ts",
            "apps/serve/page/src/**/*.test.ts",
          ],
          exclude: ["**/*.{grad,parity}.test.ts", "**/node_modules/**"],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: "numeric",
          include: ["packages/*/src/**/*.{grad,parity}.test.ts"],
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["apps/{*,serve/page}/test/**/*.test.ts", "examples/**/*.test.ts"],
          testTimeout: 300_000,
        },
      },
    ],
  },
});
