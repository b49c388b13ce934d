/** `edgeseal key history`: what the guard remembers, taken to another machine or vouched for by an operator. */
import type { Anchor } from "../../chain/anchor.js";
import { loadSuite } from "../../crypto/backend/select.js";
import type { KeyBackend } from "../../crypto/keyBackend.js";
import type { Watermarks } from "../signing/guardRules.js";
import { type GuardStore, type KeyId, keyName } from "../signing/guardStore.js";
import { advanceHistory, exportHistory, importHistory, readHistory } from "../signing/history.js";
import { guardChainOf, type KeyConfig, keyNamed, openBackend, openGuardStore } from "../signing/openKey.js";
import { type KeyContext, suiteOfKey } from "./key.js";

export interface HistoryContext extends KeyContext {
  readonly anchor: Anchor;
  readonly dataDir: string;
  /** One of the configured keys. */
  readonly name: string;
}

interface Opened {
  readonly key: KeyConfig;
  readonly backend: KeyBackend;
  readonly store: GuardStore;
  readonly id: KeyId;
}

async function withKey<T>(context: HistoryContext, work: (opened: Opened) => T | Promise<T>): Promise<T> {
  const { place, environment, anchor, dataDir, name } = context;
  const key = keyNamed(place, name);
  const suite = await loadSuite(suiteOfKey(key));
  const store = await openGuardStore(dataDir);
  try {
    const backend = await openBackend(place, key, environment);
    try {
      const id = { chain: guardChainOf(anchor, suite.hash).id, publicKey: await backend.publicKey() };
      return await work({ key, backend, store, id });
    } finally {
      await backend.close();
    }
  } finally {
    store.close();
  }
}

/** The history of one key, as text with a checksum. */
export async function exportKeyHistory(context: HistoryContext): Promise<string> {
  return await withKey(context, ({ store, id }) => exportHistory(store, id));
}

/** Joins a history with what is known here: the stricter of both holds. */
export async function importKeyHistory(context: HistoryContext, text: string): Promise<{ readonly keys: number }> {
  return await withKey(context, async ({ store, id, backend }) => {
    await importHistory(store, text, (of) => (keyName(of) === keyName(id) ? backend.anchor : undefined));
    return { keys: readHistory(text).length };
  });
}

export interface AdvancedHistory {
  readonly key: string;
  readonly watermarks: Watermarks;
  readonly highestView: number;
}

/** An operator vouches that nothing above `to` was ever signed with this key. */
export async function advanceKeyHistory(
  context: HistoryContext,
  to: Watermarks,
  view: number | undefined,
): Promise<AdvancedHistory> {
  return await withKey(context, async ({ key, store, id, backend }) => {
    const { watermarks, highestView } = await advanceHistory(store, id, {
      suite: suiteOfKey(key),
      family: key.family,
      to,
      ...(view === undefined ? {} : { view }),
      anchor: backend.anchor,
    });
    return { key: keyName(id), watermarks, highestView };
  });
}
