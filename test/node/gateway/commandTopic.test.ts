import { describe, expect, test } from "vitest";
import { decodeDeviceMessage } from "../../../src/codec/device/decode.js";
import { encodeDeviceMessage } from "../../../src/codec/device/encode.js";
import type { CommandMessage } from "../../../src/codec/device/messages.js";
import type { GatewayInput, GatewayOutput } from "../../../src/device/gateway/messages.js";
import { CommandTopic, REMOTE_WAITING_MAX } from "../../../src/node/gateway/commandTopic.js";

const TOPIC = "edgeseal/1/gateway/gw/device/lamp/command";
const command: CommandMessage = {
  ...{ kind: "command", sender: "hub", sequence: 4, id: new Uint8Array(16).fill(9), expiresAt: 2_000 },
  ...{ target: "lit", value: true },
};

function door() {
  const inputs: GatewayInput[] = [];
  const published: [string, Uint8Array][] = [];
  const topic = new CommandTopic("gw", (to, payload) => published.push([to, payload]));
  const hear = (payload: Uint8Array, retained = false, at = TOPIC): boolean =>
    topic.message({ topic: at, payload, retained }, (input) => inputs.push(input));
  return { topic, inputs, published, hear };
}

function settled(
  ref: number | undefined,
  result: "done" | "sent" | "failed" | "expired" | "superseded",
): GatewayOutput {
  return {
    kind: "settled",
    command: { id: command.id, device: "lamp", target: "lit", expiresAt: 0 },
    cause: { kind: "request", by: "hub", ...(ref === undefined ? {} : { ref }) },
    ...{ result, latencyUs: 1 },
  };
}

const refOf = (input: GatewayInput | undefined): number | undefined =>
  input?.kind === "command" ? input.request.ref : undefined;

describe("commands of other systems", () => {
  test("go to the core with sender, number, expiry and id, and their answer to the sender", () => {
    const { topic, inputs, published, hear } = door();
    expect(hear(encodeDeviceMessage(command))).toBe(true);
    expect(inputs).toEqual([
      {
        kind: "command",
        request: {
          ...{ by: "hub", device: "lamp", target: "lit", sequence: 4, expiresAt: 2_000, id: command.id, value: true },
          ref: expect.any(Number),
        },
      },
    ]);
    topic.output(settled(refOf(inputs[0]), "done"));
    topic.output(settled(refOf(inputs[0]), "done"));
    expect(published.map(([to, payload]) => [to, decodeDeviceMessage(payload)])).toEqual([
      ["edgeseal/1/gateway/gw/device/lamp/ack", { kind: "ack", id: command.id, result: "done" }],
    ]);
  });

  test.each([
    [{ code: "GATEWAY_COMMAND_EXPIRED", device: "lamp" }, "expired"],
    [{ code: "GATEWAY_COMMAND_REPLAYED", sender: "hub", sequence: 4 }, "refused"],
  ] as const)("that the core refuses are answered so: %o", (problem, result) => {
    const { topic, inputs, published, hear } = door();
    hear(encodeDeviceMessage(command));
    topic.output({ kind: "refused", problem, ref: refOf(inputs[0]) as number });
    expect(decodeDeviceMessage(published[0]?.[1] as Uint8Array)).toMatchObject({ kind: "ack", result });
  });

  test("that the broker had kept are refused", () => {
    const { topic, inputs, hear } = door();
    hear(encodeDeviceMessage(command), true);
    expect(inputs).toEqual([]);
    expect(topic.counters.get("GATEWAY_COMMAND_RETAINED")).toBe(1);
  });

  test("that are none are counted", () => {
    const { topic, inputs, hear } = door();
    hear(Uint8Array.of(1, 2, 3));
    hear(encodeDeviceMessage({ kind: "death", birth: 1 }));
    expect(inputs).toEqual([]);
    expect(Object.values(topic.counters.snapshot()).reduce((sum, count) => sum + count, 0)).toBe(2);
  });

  test("of other topics are somebody else's", () => {
    const { hear } = door();
    expect(hear(encodeDeviceMessage(command), false, "edgeseal/1/gateway/gw/device/lamp/state")).toBe(false);
    expect(hear(encodeDeviceMessage(command), false, "edgeseal/1/gateway/other/device/lamp/command")).toBe(false);
  });

  test("are not remembered without end", () => {
    const { topic, inputs, published, hear } = door();
    for (let i = 0; i <= REMOTE_WAITING_MAX; i++) hear(encodeDeviceMessage({ ...command, sequence: i + 1 }));
    topic.output(settled(refOf(inputs[0]), "done"));
    expect(published).toEqual([]);
    topic.output(settled(refOf(inputs[1]), "done"));
    expect(published).toHaveLength(1);
  });
});
