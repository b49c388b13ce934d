import type { HomeAssistantProblem } from "../../device/homeassistant/problems.js";
import type { Texts } from "../texts.js";

export const homeAssistantTexts: Texts<HomeAssistantProblem> = {
  HOMEASSISTANT_TOPIC: {
    says: (p) => `A message came where commands do, under the topic "${p.topic}", which is none.`,
  },
  HOMEASSISTANT_DEVICE_UNKNOWN: {
    says: (p) => `Home Assistant asked something of the device ${p.device}, which is not here.`,
    advice: "If it was removed, delete it in Home Assistant too.",
  },
  HOMEASSISTANT_TARGET_UNKNOWN: {
    says: (p) => `Home Assistant asked for ${p.target} of ${p.device}, which has nothing of that name to set.`,
  },
  HOMEASSISTANT_TARGET_CLOSED: {
    says: (p) =>
      `Home Assistant may not set ${p.target} of ${p.device}: its safety class is ${p.safetyClass}, and ${p.max} is allowed.`,
    advice:
      "Allow a higher class in the configuration only where everybody who may publish on that broker may do the same.",
  },
  HOMEASSISTANT_VALUE: {
    says: (p) => `Home Assistant sent a value for ${p.target} of ${p.device} that it cannot have (${p.reason}).`,
  },
  HOMEASSISTANT_RETAINED: {
    says: (p) => `A command for ${p.target} of ${p.device} was kept by the broker and not carried out.`,
    advice: "Commands must be published without the retain flag; clear the topic with an empty retained message.",
  },
};
