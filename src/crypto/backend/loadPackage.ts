/**
 * An optional package by name. The name is a value, not a literal, so that neither the compiler nor a bundler insists on a
 * package that may be absent; what comes back is believed only after its self-test.
 */
export async function loadPackage(name: string): Promise<unknown> {
  return await import(name);
}
