/** The files that a new gateway starts with: devices, policy, one rule and one scene, to be changed by its operator. */

import { FIRST_LINK } from "../../bundle/writeYaml.js";

export interface FirstFile {
  /** Relative to the folder of the configuration. */
  readonly name: string;
  readonly text: string;
}

const DEVICES = `# Devices by hand: what cannot join by itself, who is registered, and names and groups for people.
# Devices of our own protocol and those of Zigbee2MQTT join by \`edgeseal device join\` and need no entry here.
# Every field: docs/operating/devices.md. Models: \`edgeseal profile list\`. After a change: \`edgeseal rule reload\`.
#
# - { id: plug-desk, profile: shelly/plus-1pm, link: ${FIRST_LINK}, address: shellyplus1pm-a8032ab12345, name: Plug at the desk }
# - { id: meter, profile: eastron/sdm120, link: meters, address: meters/1, name: Electricity meter }
#
# Two examples, for the rule and the scene beside this file. Put your own in their place.
- { id: example-motion, profile: virtual/motion, link: ${FIRST_LINK}, address: example-motion, name: Motion in the hall, groups: [hall] }
- { id: example-lamp, profile: virtual/lamp, link: ${FIRST_LINK}, address: example-lamp, name: Light in the hall, groups: [hall, lights] }
`;

const POLICY = `# Who may do what. Denied unless a rule below allows it; \`deny\` goes before \`allow\`.
# who: rule, scene, person, any, or one of them by name ("person:operator" is the command line, "person:home-assistant"
# is Home Assistant). What: device, group, class or capability. Which way: direction safe, away or neutral.
policy: home
rules:
  # The safe way (gas off, lock shut, alarm on) is open to everybody.
  - { effect: allow, direction: safe }
  # Rules and scenes switch light and plugs, and nothing else.
  - { effect: allow, who: rule, class: lamp }
  - { effect: allow, who: rule, class: plug }
  - { effect: allow, who: scene, class: lamp }
  - { effect: allow, who: scene, class: plug }
  # Whoever has this machine's command line may do everything.
  - { effect: allow, who: "person:operator" }
  # Home Assistant switches what \`gateway.homeAssistant.controls\` lets through, but unlocks nothing.
  - { effect: allow, who: "person:home-assistant" }
  - { effect: deny, who: "person:home-assistant", capability: "lock.*", direction: away, priority: 90 }
`;

const RULE = `# One rule to begin with. \`edgeseal rule check .\` says whether it is right, \`edgeseal rule explain .\` what it does,
# \`edgeseal rule simulate .\` what it would do in a day. After a change: \`edgeseal rule reload\`.
rule: example-hall-light
title: Light in the hall when somebody comes
when:
  - { device: example-motion, property: motion, is: true }
if:
  all:
    - { time: "17:00-07:00" }
    - { device: example-lamp, property: lit, is: false, assume: true }
then:
  - { device: example-lamp, set: { lit: true } }
  - { device: example-lamp, set: { lit: false }, after: 5 min }
mode: restart
`;

const SCENE = `# States of several devices under one name: \`edgeseal scene run example-leaving\`.
scene: example-leaving
title: Leaving home
steps:
  - { group: lights, set: { lit: false } }
`;

export const FIRST_FILES: readonly FirstFile[] = [
  { name: "devices.yaml", text: DEVICES },
  { name: "policy.yaml", text: POLICY },
  { name: "rules/example-hall-light.yaml", text: RULE },
  { name: "scenes/example-leaving.yaml", text: SCENE },
];
