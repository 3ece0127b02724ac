import { defaultClientConditions, type UserConfig } from "vite";

const config: UserConfig = {
  // Addresses from where the page is, wherever that will be.
  base: "./",
  // In this repository from the sources; a project that has detrkit from npm needs no conditions.
  resolve: { conditions: ["@detrkit/source", ...defaultClientConditions] },
  worker: { format: "es" },
  build: { target: "es2023" },
};
export default config;
