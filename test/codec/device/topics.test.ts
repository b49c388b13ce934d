import { describe, expect, it } from "vitest";
import { DeviceMessageError } from "../../../src/codec/device/problems.js";
import {
  DEVICE_TOPIC_KINDS,
  deviceTopic,
  deviceTopicFilter,
  parseDeviceTopic,
} from "../../../src/codec/device/topics.js";

describe("topics of devices", () => {
  it("come back as they were", () => {
    for (const kind of DEVICE_TOPIC_KINDS) {
      const topic = deviceTopic("lamp_1-A", kind);
      expect(topic).toBe(`dev/lamp_1-A/${kind}`);
      expect(parseDeviceTopic(topic)).toEqual({ id: "lamp_1-A", kind });
    }
    expect(deviceTopicFilter("birth")).toBe("dev/+/birth");
  });

  it.each(["", "a/b", "+", "#", "a\0", "é", "a b", "x".repeat(65), "a\n", "$SYS"])(
    "are not made of the id %j",
    (id) => {
      expect(() => deviceTopic(id, "birth")).toThrow(DeviceMessageError);
      expect(parseDeviceTopic(`dev/${id}/birth`)).toBeUndefined();
    },
  );

  it.each([
    "dev",
    "dev/a",
    "dev/a/",
    "dev/a/other",
    "dev/a/birth/",
    "dev/a/birth/x",
    "Dev/a/birth",
    "/dev/a/birth",
    "dev/a/toString",
    "dev/a/__proto__",
  ])("are not read from %j", (topic) => {
    expect(parseDeviceTopic(topic)).toBeUndefined();
  });
});
