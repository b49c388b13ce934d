/** Tells the log about what a person wants to know of devices and rules. */
import { toHex } from "../../base/bytes.js";
import type { Logger } from "../../base/logger.js";
import type { GatewayOutput } from "../../device/gateway/messages.js";

export function gatewayReporter(logger: Logger): (output: GatewayOutput) => void {
  return (output) => {
    switch (output.kind) {
      case "joined": {
        const { id, profile, link } = output.record;
        logger.info({ device: id, profile, link }, "device installed");
        break;
      }
      case "left":
        logger.info({ device: output.record.id }, "device removed");
        break;
      case "availability":
        logger.info({ device: output.device, availability: output.availability }, "availability");
        break;
      case "joinWindow":
        logger.info({ open: output.open }, "join window");
        break;
      case "isolated":
        logger.warn({ ...output.problem }, "device isolated");
        break;
      case "refused":
        logger.debug({ ...output.problem }, "refused");
        break;
      case "settled": {
        const { command, result, latencyUs, cause } = output;
        const { device, target, value } = command;
        logger.info({ device, target, value, result, latencyUs, cause: cause.kind }, "command");
        break;
      }
      case "notice":
        logger.warn({ rule: output.notice.rule, text: output.notice.text }, "notice");
        break;
      case "ruleRefused":
        logger.warn({ ...output.refusal }, "a rule did not act");
        break;
      case "sceneRefused":
        logger.warn({ scene: output.scene, code: output.code }, "scene refused");
        break;
      case "receipt":
        logger.debug({ sequence: output.sequence, hash: toHex(output.hash) }, "receipt");
        break;
      case "reading":
      case "event":
      case "commanded":
        // Too many to be told.
        break;
    }
  };
}
