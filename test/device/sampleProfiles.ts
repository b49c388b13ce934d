/** Small profiles that tests change one thing of. */
import { buildProfile } from "../../src/device/profile/build.js";
import type { ProfileSource } from "../../src/device/profile/source.js";
import type { DeviceProfile } from "../../src/device/profile.js";

export const PLUG: ProfileSource = {
  vendor: "acme",
  model: "plug-1",
  title: "Plug",
  class: "plug",
  properties: {
    on: { capability: "switch.on", type: "boolean", access: "read-write" },
    power: { capability: "sensor.power", type: "number", min: -10, max: 4000, decimals: 1, unit: "W", access: "read" },
    level: {
      capability: "light.level",
      type: "number",
      min: 0,
      max: 100,
      unit: "%",
      access: "read-write",
    },
    mode: { capability: "climate.mode", type: "choice", choices: ["off", "heat"], access: "read-write" },
    note: { capability: "other.value", type: "text", charactersMax: 8, access: "read" },
  },
  actions: {
    toggle: { capability: "switch.toggle", idempotent: false },
    effect: {
      capability: "light.effect",
      input: { type: "choice", choices: ["blink", "breathe"] },
      idempotent: false,
    },
  },
  events: {
    button: { capability: "button.event", data: { type: "choice", choices: ["single", "double"] } },
    bell: { capability: "button.event" },
  },
  binding: {
    protocol: "mqtt",
    availability: { topic: "{address}/online", path: ["state"], online: ["online"], offline: ["offline"] },
    reads: [
      {
        topic: "{address}/state",
        path: ["on"],
        to: "on",
        convert: {
          map: [
            ["ON", true],
            ["OFF", false],
          ],
        },
      },
      { topic: "{address}/state", path: ["meter", "0", "power"], to: "power" },
      {
        topic: "{address}/state",
        path: ["brightness"],
        to: "level",
        convert: { multiply: 100, divide: 254, digits: 0 },
      },
      { topic: "{address}/state", path: ["mode"], to: "mode", when: { path: ["method"], equals: "Full" } },
      { topic: "{address}/note", to: "note" },
      { topic: "{address}/state", path: ["action"], to: "button" },
      { topic: "{address}/state", path: ["bell"], to: "bell" },
    ],
    writes: [
      {
        from: "on",
        topic: "{address}/set/on",
        payload: "{value}",
        convert: {
          map: [
            ["ON", true],
            ["OFF", false],
          ],
        },
      },
      {
        from: "level",
        topic: "{address}/set",
        payload: '{"id":"{id}","src":"{client}","brightness":{value}}',
        convert: { multiply: 100, divide: 254, digits: 0 },
      },
      { from: "mode", topic: "{address}/set", payload: '{"mode":{value}}' },
      { from: "toggle", topic: "{address}/set/on", payload: "TOGGLE" },
      { from: "effect", topic: "{address}/set", payload: '{"effect":{value}}' },
    ],
    refresh: [{ topic: "{address}/get", payload: '{"src":"{client}"}' }],
  },
};

/** @throws when the source is not a good one. */
export function profileOf(source: ProfileSource): DeviceProfile {
  const { profile, problems } = buildProfile(source);
  if (profile === undefined) throw new TypeError(JSON.stringify(problems));
  return profile;
}
