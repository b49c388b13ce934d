/** An MQTT client that plays Home Assistant: it believes what is announced, and asks for what its user wants. */
import { connect, type MqttClient } from "mqtt";
import { type Discovered, discovered, type Entity, rendered } from "./homeAssistant.js";

export interface Said {
  readonly topic: string;
  readonly text: string;
  readonly retained: boolean;
}

export class HomeAssistantClient {
  /** By discovery topic. */
  readonly devices = new Map<string, Discovered>();
  /** The newest payload of each topic that is no discovery. */
  readonly values = new Map<string, Uint8Array>();
  /** Everything that came, in order. */
  readonly said: Said[] = [];
  readonly #client: MqttClient;

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic, payload, { retain }) => {
      this.said.push({ topic, text: payload.toString(), retained: retain });
      if (!topic.endsWith("/config")) this.values.set(topic, new Uint8Array(payload));
      else if (payload.length === 0) this.devices.delete(topic);
      else this.devices.set(topic, discovered(topic, payload));
    });
  }

  static async start(port: number): Promise<HomeAssistantClient> {
    const client = connect(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4, reconnectPeriod: 30, clientId: "ha" });
    await new Promise<void>((resolve) => client.once("connect", () => resolve()));
    const one = new HomeAssistantClient(client);
    await client.subscribeAsync(["homeassistant/+/+/config", "homeassistant/+/+/+/config", "edgeseal/#"], { qos: 1 });
    return one;
  }

  /** Forgets everything, as a restart without its registry would, and says that it is there again. */
  async restart(): Promise<void> {
    this.devices.clear();
    this.values.clear();
    await this.#client.publishAsync("homeassistant/status", "online", { qos: 1 });
  }

  async publish(topic: string, payload: string, retain = false): Promise<void> {
    await this.#client.publishAsync(topic, payload, { qos: 1, retain });
  }

  /** Of a device as people call it. */
  device(name: string): Discovered | undefined {
    return [...this.devices.values()].find(({ dev }) => dev.name === name);
  }

  entity(name: string, part: string): Entity | undefined {
    return this.device(name)?.cmps[part];
  }

  /** What an entity shows; undefined while nothing is known of it. */
  shows(name: string, part: string): string | undefined {
    const entity = this.entity(name, part);
    if (entity === undefined) return undefined;
    const payload = this.values.get(String(entity.state_topic));
    const template = entity.value_template ?? entity.state_value_template;
    return payload === undefined || payload.length === 0 ? undefined : rendered(template, payload);
  }

  /** As availability mode `all` has it: every topic has said `online`. */
  available(name: string): boolean {
    const topics = this.device(name)?.availability ?? [];
    return topics.length > 0 && topics.every(({ topic }) => this.text(topic) === "online");
  }

  text(topic: string): string | undefined {
    const payload = this.values.get(topic);
    return payload === undefined ? undefined : Buffer.from(payload).toString();
  }

  async stop(): Promise<void> {
    await this.#client.endAsync(true);
  }
}
