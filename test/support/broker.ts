import { type EmbeddedBroker, type EmbeddedBrokerOptions, embeddedBroker } from "../../src/link/embeddedBroker.js";

/** Our embedded broker on a free loopback port. */
export async function startBroker(
  options: Partial<EmbeddedBrokerOptions> = {},
): Promise<{ readonly broker: EmbeddedBroker; readonly port: number }> {
  const broker = embeddedBroker({ port: 0, ...options });
  const { port } = await broker.start();
  return { broker, port };
}
