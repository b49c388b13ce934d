import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores is the smallest machine this runs on; brokers and killed processes need one of them.
    maxWorkers: 2,
    reporters: ["default"],
  },
});
