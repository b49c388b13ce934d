/** MQTT.js, set up for small machines. */

/** The class of MQTT.js clients. Rejects where the package is absent. */
export async function loadMqttClient() {
  const [{ MqttClient }, { writeToStream }] = await Promise.all([import("mqtt"), import("mqtt-packet")]);
  // Before the first packet is written: it would otherwise make one Buffer for each of 65,536 numbers, 6 MB in all.
  writeToStream.cacheNumbers = false;
  return MqttClient;
}
