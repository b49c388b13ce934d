/**
 * What Home Assistant calls what our vocabulary names. Device classes and the units that each may have:
 * home-assistant.io/integrations/sensor and /binary_sensor, "Device class". A class with a unit that is not its own makes
 * Home Assistant refuse or misread the sensor, so it is left out then.
 */

export interface SensorClass {
  readonly deviceClass: string;
  readonly units: readonly string[];
  /** `total_increasing` for counters that only a replacement sets back. */
  readonly stateClass: "measurement" | "total_increasing";
}

const measured = (deviceClass: string, ...units: string[]): SensorClass => ({
  ...{ deviceClass, units },
  stateClass: "measurement",
});

const counted = (deviceClass: string, ...units: string[]): SensorClass => ({
  ...{ deviceClass, units },
  stateClass: "total_increasing",
});

/** By capability. More than one where the unit decides. */
export const SENSOR_CLASSES: ReadonlyMap<string, readonly SensorClass[]> = new Map([
  ["sensor.temp", [measured("temperature", "°C", "°F", "K")]],
  ["climate.setpoint", [measured("temperature", "°C", "°F", "K")]],
  ["sensor.humidity", [measured("humidity", "%")]],
  ["sensor.pressure", [measured("atmospheric_pressure", "hPa", "kPa", "Pa", "mbar", "bar", "psi")]],
  ["sensor.illuminance", [measured("illuminance", "lx")]],
  ["sensor.co2", [measured("carbon_dioxide", "ppm")]],
  ["sensor.co-level", [measured("carbon_monoxide", "ppm")]],
  ["sensor.pm25", [measured("pm25", "µg/m³")]],
  [
    "sensor.voc",
    [measured("volatile_organic_compounds", "µg/m³"), measured("volatile_organic_compounds_parts", "ppb", "ppm")],
  ],
  ["sensor.power", [measured("power", "mW", "W", "kW", "MW")]],
  ["sensor.reactive-power", [measured("reactive_power", "var", "kvar")]],
  ["sensor.apparent-power", [measured("apparent_power", "mVA", "VA", "kVA")]],
  ["sensor.power-factor", [measured("power_factor", "%", "")]],
  ["sensor.voltage", [measured("voltage", "V", "mV", "kV")]],
  ["sensor.current", [measured("current", "A", "mA")]],
  ["sensor.frequency", [measured("frequency", "Hz", "kHz", "MHz")]],
  ["sensor.flow", [measured("volume_flow_rate", "m³/h", "L/min")]],
  ["sensor.battery", [measured("battery", "%")]],
  ["sensor.link-quality", [measured("signal_strength", "dBm", "dB")]],
  ["meter.energy", [counted("energy", "Wh", "kWh", "MWh")]],
  ["meter.volume", [counted("volume", "m³", "L")]],
]);

export interface BinaryClass {
  readonly deviceClass: string;
  /** Home Assistant's `on` is our `false`: it asks whether something is open, we whether it is closed. */
  readonly inverted?: boolean;
}

export const BINARY_CLASSES: ReadonlyMap<string, BinaryClass> = new Map<string, BinaryClass>([
  ["sensor.motion", { deviceClass: "motion" }],
  ["sensor.contact", { deviceClass: "opening", inverted: true }],
  ["sensor.smoke", { deviceClass: "smoke" }],
  ["sensor.co", { deviceClass: "carbon_monoxide" }],
  ["sensor.gas", { deviceClass: "gas" }],
  ["sensor.leak", { deviceClass: "moisture" }],
  ["sensor.vibration", { deviceClass: "vibration" }],
  ["sensor.tamper", { deviceClass: "tamper" }],
  ["sensor.battery-low", { deviceClass: "battery" }],
  ["sensor.fault", { deviceClass: "problem" }],
  ["lock.state", { deviceClass: "lock", inverted: true }],
  ["valve.open", { deviceClass: "opening" }],
  ["window.open", { deviceClass: "window" }],
  ["cover.state", { deviceClass: "opening" }],
  ["heater.on", { deviceClass: "heat" }],
]);

/** Units that are written otherwise there. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ["l", "L"],
  ["l/min", "L/min"],
]);

export function unitThere(unit: string | undefined): string | undefined {
  if (unit === undefined || unit === "") return undefined;
  return UNITS.get(unit) ?? unit;
}

/** The class of a number, where its unit is one that the class has. */
export function sensorClass(capability: string, unit: string | undefined): SensorClass | undefined {
  const there = unitThere(unit) ?? "";
  return SENSOR_CLASSES.get(capability)?.find(({ units }) => units.includes(there));
}
