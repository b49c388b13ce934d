import { defineConfig } from "vitest/config";

const report = process.env.EDGESEAL_TEST_REPORT;

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores is the smallest machine this runs on; brokers and killed processes need one of them.
    maxWorkers: 2,
    // CI reads the counts from a file instead of parsing what people read.
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
  },
});
