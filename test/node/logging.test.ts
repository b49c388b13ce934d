/** Log lines: one line each, no secrets, never an exception. */
import { expect, it } from "vitest";
import { type LogFormat, type LogLevel, lineLogger } from "../../src/node/logging.js";

function logged(format: LogFormat, level: LogLevel, say: (logger: ReturnType<typeof lineLogger>) => void): string[] {
  const lines: string[] = [];
  say(
    lineLogger(
      format,
      level,
      (line) => lines.push(line),
      () => Date.UTC(2026, 0, 2),
    ),
  );
  return lines;
}

it("writes JSON for machines and text for people, from the least important level on", () => {
  const say = (logger: ReturnType<typeof lineLogger>) => {
    logger.debug({}, "never");
    logger.info({ height: 7, weight: 2n ** 60n, left: undefined }, "header stored");
  };
  expect(logged("json", "info", say)).toEqual([
    '{"time":"2026-01-02T00:00:00.000Z","level":"info","message":"header stored","height":7,"weight":"1152921504606846976"}\n',
  ]);
  expect(logged("text", "info", say)).toEqual([
    "2026-01-02T00:00:00.000Z INFO  header stored height=7 weight=1152921504606846976\n",
  ]);
  expect(logged("text", "warn", say)).toEqual([]);
});

it("leaves secrets out, however deep they lie", () => {
  const fields = { password: "p1", broker: { url: "u", Password: "p2", key: "p3" }, brokerToken: "p4", keys: 3 };
  for (const format of ["json", "text"] as const) {
    const [line] = logged(format, "info", (logger) => logger.info(fields, "x"));
    expect(line).not.toMatch(/p[1-4]/);
    expect(line).toContain("[secret]");
    expect(line).toContain("3");
  }
});

it("keeps what strangers sent on one line, in bounds, and off the terminal", () => {
  const fields = { reason: "a\nb\u001b[2J\u2028c" };
  const [text] = logged("text", "info", (logger) => logger.info(fields, "x"));
  expect(text?.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028]/u);
  const [json] = logged("json", "info", (logger) => logger.info(fields, "x"));
  expect(json?.split("\n")).toHaveLength(2);
  for (const format of ["json", "text"] as const) {
    const [long] = logged(format, "info", (logger) => logger.info({ reason: "x".repeat(100_000) }, "y"));
    expect(long?.length).toBeLessThan(300);
    expect(long).toContain("tooLong");
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(logged(format, "info", (logger) => logger.info({ circle }, "y"))).toHaveLength(1);
  }
});
