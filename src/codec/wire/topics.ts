/** Topic names of the header network. Clients subscribe to exact names only, never to a wildcard. */
import { NAME_CHARS_MAX } from "./limits.js";
import { WireError } from "./problems.js";

const NAME = /^[A-Za-z0-9_-]+$/;
const HEIGHT = /^(0|[1-9][0-9]{0,15})$/;
export const PROTOCOL_ROOT = "edgeseal/1";

/** @throws WireError `WIRE_NAME` for anything but 1 to 64 of `A-Za-z0-9_-`, so that no name can carry `+`, `#`, `/` or NUL. */
export function checkName(field: string, name: string): string {
  if (name.length > NAME_CHARS_MAX || !NAME.test(name)) throw new WireError({ code: "WIRE_NAME", field });
  return name;
}

export type Subject =
  | { readonly kind: "record" }
  | { readonly kind: "head" }
  | { readonly kind: "changes" }
  | { readonly kind: "request" }
  | { readonly kind: "change"; readonly height: number }
  | { readonly kind: "segment"; readonly start: number }
  | { readonly kind: "response"; readonly client: string }
  | { readonly kind: "event"; readonly address: string };

export interface Topics {
  readonly base: string;
  name(subject: Subject): string;
  /** What a topic name means, or undefined when it is none of ours. */
  parse(topic: string): Subject | undefined;
}

export function topicsOf(chainId: string, groupId: string): Topics {
  const base = `${PROTOCOL_ROOT}/${checkName("chain", chainId)}/${checkName("group", groupId)}`;
  return {
    base,
    name(subject) {
      return `${base}/${subject.kind}${suffix(subject)}`;
    },
    parse(topic) {
      return topic.startsWith(`${base}/`) ? parseTail(topic.slice(base.length + 1)) : undefined;
    },
  };
}

function suffix(subject: Subject): string {
  switch (subject.kind) {
    case "change":
      return `/${subject.height}`;
    case "segment":
      return `/${subject.start}`;
    case "response":
      return `/${checkName("client", subject.client)}`;
    case "event":
      return `/${checkName("address", subject.address)}`;
    default:
      return "";
  }
}

function parseTail(tail: string): Subject | undefined {
  const [kind, argument, ...more] = tail.split("/");
  if (more.length > 0) return undefined;
  if (argument === undefined) {
    return kind === "record" || kind === "head" || kind === "changes" || kind === "request" ? { kind } : undefined;
  }
  if (kind === "change" || kind === "segment") {
    const value = HEIGHT.test(argument) ? Number(argument) : Number.NaN;
    if (!Number.isSafeInteger(value)) return undefined;
    return kind === "change" ? { kind, height: value } : { kind, start: value };
  }
  if (argument.length > NAME_CHARS_MAX || !NAME.test(argument)) return undefined;
  if (kind === "response") return { kind, client: argument };
  if (kind === "event") return { kind, address: argument };
  return undefined;
}
