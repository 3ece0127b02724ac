import { defaultClientConditions, type UserConfig } from "vite";

const config: UserConfig = {
  root: import.meta.dirname,
  // Addresses from where the page is: it may lie below a path of a load balancer.
  base: "./",
  resolve: { conditions: ["@detrkit/source", ...defaultClientConditions] },
  worker: { format: "es" },
  // Nothing becomes a data: address, which the page's security policy would refuse.
  build: { target: "es2023", assetsInlineLimit: 0, chunkSizeWarningLimit: Infinity },
};
export default config;
