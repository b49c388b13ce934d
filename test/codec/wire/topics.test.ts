/** Topic names both ways, and names that want to be something else. */
import { describe, expect, it } from "vitest";
import { checkName, type Subject, topicsOf } from "../../../src/codec/wire/topics.js";
import { codeThrownBy } from "../fisco/vectors.js";

const topics = topicsOf("chain0", "group-0_A");
const BASE = "edgeseal/1/chain0/group-0_A";
const MAX = Number.MAX_SAFE_INTEGER;

const NAMED: readonly (readonly [string, Subject])[] = [
  ["record", { kind: "record" }],
  ["head", { kind: "head" }],
  ["changes", { kind: "changes" }],
  ["request", { kind: "request" }],
  ["change/0", { kind: "change", height: 0 }],
  [`change/${MAX}`, { kind: "change", height: MAX }],
  ["segment/128", { kind: "segment", start: 128 }],
  [`segment/${MAX}`, { kind: "segment", start: MAX }],
  [`response/${"c".repeat(64)}`, { kind: "response", client: "c".repeat(64) }],
  [`event/${"0a".repeat(20)}`, { kind: "event", address: "0a".repeat(20) }],
];

const HOSTILE_NAMES = [
  "",
  "+",
  "#",
  "a/b",
  "/",
  "a+",
  "a#",
  "a\u0000",
  "\u0000",
  "a b",
  "a.b",
  "ä",
  "名",
  "$SYS",
  "a\n",
  "a".repeat(65),
];

describe("subjects", () => {
  it.each(NAMED)("%s both ways", (tail, subject) => {
    expect(topics.name(subject)).toBe(`${BASE}/${tail}`);
    expect(topics.parse(`${BASE}/${tail}`)).toEqual(subject);
  });
});

describe("names", () => {
  it.each(HOSTILE_NAMES.map((name) => [name]))("%j is no name anywhere", (name) => {
    expect(codeThrownBy(() => checkName("chain", name))).toBe("WIRE_NAME");
    expect(codeThrownBy(() => topicsOf(name, "group0"))).toBe("WIRE_NAME");
    expect(codeThrownBy(() => topicsOf("chain0", name))).toBe("WIRE_NAME");
    expect(codeThrownBy(() => topics.name({ kind: "response", client: name }))).toBe("WIRE_NAME");
    expect(codeThrownBy(() => topics.name({ kind: "event", address: name }))).toBe("WIRE_NAME");
    expect(topics.parse(`${BASE}/response/${name}`)).toBeUndefined();
    expect(topics.parse(`${BASE}/event/${name}`)).toBeUndefined();
  });
});

describe("topics that are none of ours", () => {
  it.each([
    "",
    BASE,
    `${BASE}/`,
    `${BASE}/heads`,
    `${BASE}/Head`,
    `${BASE}/head/`,
    `${BASE}/head/1`,
    `${BASE}/record/x`,
    `${BASE}/segment`,
    `${BASE}/segment/`,
    `${BASE}/segment/1/2`,
    `${BASE}/segment/00`,
    `${BASE}/segment/0128`,
    `${BASE}/segment/-1`,
    `${BASE}/segment/+1`,
    `${BASE}/segment/1e3`,
    `${BASE}/segment/0x80`,
    `${BASE}/segment/1.5`,
    `${BASE}/segment/ 1`,
    `${BASE}/segment/1\n`,
    `${BASE}/segment/١`,
    `${BASE}/change/9007199254740992`,
    `${BASE}/change/9999999999999999`,
    `${BASE}/change/10000000000000000000000`,
    `${BASE}/response`,
    `${BASE}/event`,
    `${BASE}/__proto__`,
    `${BASE}/constructor/1`,
    `${BASE}x/head`,
    `/${BASE}/head`,
    "edgeseal/1/chain0/group0/head",
    "edgeseal/2/chain0/group-0_A/head",
    "edgeseal/1/+/group-0_A/head",
  ])("%j", (topic) => {
    expect(topics.parse(topic)).toBeUndefined();
  });
});
