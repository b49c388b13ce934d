/**
 * The store room: keeps what the chain rooms ask to be kept, durably, and finds out when the medium lies.
 * In: writes of the port in `chain/store.ts`. Out: the same bytes, or a typed error. It never looks inside what it keeps.
 */
export { MemoryStore } from "./memoryStore.js";
export { type OpenedStore, type OpenStoreOptions, openChainStore, type StoreEngineName } from "./openStore.js";
export { type EngineFailure, StoreError, type StoreProblem } from "./problems.js";
export { type LoadedState, loadStateSnapshot, type StoredSnapshot } from "./stateSnapshotReader.js";
export { SnapshotWriter, saveStateSnapshot } from "./stateSnapshotWriter.js";
