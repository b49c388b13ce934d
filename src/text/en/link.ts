import type { BrokerProblem, LinkProblem, RpcProblem, RpcServerProblem } from "../../link/problems.js";
import type { Texts } from "../texts.js";

export const linkTexts: Texts<LinkProblem> = {
  LINK_NOT_CONNECTED: {
    says: () => "There is no connection to the broker.",
    advice: "Wait for the link to connect again; it keeps trying.",
  },
  LINK_UNREACHABLE: {
    says: (p) => `The broker cannot be reached (${p.reason}).`,
    advice: "Check the broker's address and port, and that it runs.",
  },
  LINK_CLOSED: { says: (p) => `The connection to the broker ended (${p.reason}).` },
  LINK_REFUSED: {
    says: (p) => `The broker refused to ${p.what} (MQTT reason ${p.reason}).`,
    advice: "Check user name, password, client id and the broker's access rules.",
  },
  LINK_TLS: {
    says: (p) => `No trustworthy TLS connection to the broker could be made (${p.reason}).`,
    advice:
      "Check the CA, the server name, the validity of the broker's certificate, and this machine's clock. The check cannot be turned off.",
  },
  LINK_TIMEOUT: { says: (p) => `The broker did not answer within ${p.timeoutMs} ms (${p.what}).` },
  LINK_PROTOCOL: {
    says: (p) => `The broker sent something that is not MQTT (${p.reason}).`,
    advice: "Check that the address and port belong to an MQTT broker.",
  },
  LINK_PAYLOAD_TOO_LARGE: { says: (p) => `A payload of ${p.size} bytes is larger than ${p.limit}.` },
  LINK_TOPIC_INVALID: { says: (p) => `The topic ${p.topic} cannot be used (${p.reason}).` },
  LINK_TOPICS_TOO_MANY: { says: (p) => `${p.count} subscribed topics are more than ${p.limit}.` },
  LINK_BUSY: {
    says: (p) => `Too much waits to be sent (${p.waiting}, limit ${p.limit}).`,
    advice: "Wait for earlier messages to be acknowledged.",
  },
  LINK_OPTION_INVALID: { says: (p) => `The link's option ${p.option} is not valid: ${p.reason}.` },
  LINK_INSECURE: {
    says: (p) => `Traffic to ${p.host} would travel readable.`,
    advice: "Use an mqtts address, or allow it explicitly with insecure.",
  },
};

export const brokerTexts: Texts<BrokerProblem> = {
  BROKER_LISTEN_FAILED: {
    says: (p) => `The embedded broker could not start (${p.reason}).`,
    advice: "Check that the port is free and the certificate and key fit together.",
  },
  BROKER_RUNNING: { says: () => "The embedded broker runs already." },
  BROKER_REFUSED: { says: (p) => `The embedded broker refused a ${p.what}.` },
  BROKER_OPTION_INVALID: { says: (p) => `The embedded broker's option ${p.option} is not valid: ${p.reason}.` },
  BROKER_INSECURE: {
    says: (p) => `The embedded broker would be open to the network on ${p.host} without ${p.missing}.`,
    advice: "Give it TLS and users, or allow it explicitly with insecure.",
  },
};

export const rpcTexts: Texts<RpcProblem> = {
  RPC_UNREACHABLE: {
    says: (p) => `The node ${p.endpoint} cannot be reached (${p.reason}).`,
    advice: "Check the node's address and port, and that it runs.",
  },
  RPC_TLS: {
    says: (p) => `No trustworthy TLS connection to the node ${p.endpoint} could be made (${p.reason}).`,
    advice: "Check the CA, the node's certificate and this machine's clock.",
  },
  RPC_TIMEOUT: { says: (p) => `The node ${p.endpoint} did not answer within ${p.timeoutMs} ms.` },
  RPC_HTTP_STATUS: { says: (p) => `The node ${p.endpoint} answered with HTTP status ${p.status}.` },
  RPC_TOO_LARGE: { says: (p) => `An answer of ${p.size} bytes from ${p.endpoint} is larger than ${p.limit}.` },
  RPC_NOT_JSON: { says: (p) => `The answer of ${p.endpoint} is not JSON (${p.reason}).` },
  RPC_ANSWER_SHAPE: { says: (p) => `The answer of ${p.endpoint} is not one to our request (${p.reason}).` },
  RPC_NODE_ERROR: { says: (p) => `The node ${p.endpoint} answered with error ${p.nodeCode}: ${p.message}` },
  RPC_PARAMS: { says: (p) => `The parameters of a call cannot be sent: ${p.reason}.` },
  RPC_BATCH_TOO_LARGE: { says: (p) => `${p.count} calls at once are more than ${p.limit}.` },
  RPC_BUSY: { says: (p) => `${p.waiting} calls wait already, the limit is ${p.limit}.` },
  RPC_OPTION_INVALID: { says: (p) => `The RPC option ${p.option} is not valid: ${p.reason}.` },
  RPC_STOPPED: { says: () => "The RPC client was stopped." },
};

export const rpcServerTexts: Texts<RpcServerProblem> = {
  RPC_SERVER_LISTEN_FAILED: {
    says: (p) => `The JSON-RPC server could not start (${p.reason}).`,
    advice: "Check that the address belongs to this machine, that the port is free, and that certificate and key fit.",
  },
  RPC_SERVER_RUNNING: { says: () => "The JSON-RPC server runs already." },
  RPC_SERVER_OPTION_INVALID: {
    says: (p) => `The JSON-RPC server's option ${p.option} is not valid: ${p.reason}.`,
  },
  RPC_SERVER_INSECURE: {
    says: (p) => `The JSON-RPC server would be open to the network on ${p.host} without ${p.missing}.`,
    advice: "Give it TLS and a token or an authority of clients, or allow it explicitly with insecure.",
  },
};
