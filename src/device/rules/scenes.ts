/** Which scenes are active and which are armed; kept as one `ruleState` under `SCENES_KEY`. */
import { WireError } from "../../codec/wire/problems.js";
import type { Now } from "../view.js";
import type { HeldScene } from "./language.js";
import { NAME_CHARACTERS_MAX, SCENES_MAX } from "./limits.js";
import { decodeShape, encodeShape, list, record, text, uint } from "./shape.js";

/** No id of a rule: those hold no slash. */
export const SCENES_KEY = "scenes/state";

interface KeptScenes {
  readonly active: readonly string[];
  readonly armed: readonly { readonly scene: string; readonly leftMs: number }[];
}

const NAME = text(NAME_CHARACTERS_MAX);
const KEPT = record<KeptScenes>({
  active: list(NAME, SCENES_MAX),
  armed: list(record<{ scene: string; leftMs: number }>({ scene: NAME, leftMs: uint() }), SCENES_MAX),
});

export class SceneBook {
  readonly #scenes: ReadonlyMap<string, HeldScene>;
  readonly #active = new Set<string>();
  readonly #armedUntil = new Map<string, number>();
  changed = false;

  constructor(scenes: ReadonlyMap<string, HeldScene>) {
    this.#scenes = scenes;
  }

  /** False for bytes that are no state of scenes: none is active or armed then. */
  restore(bytes: Uint8Array, now: Now): boolean {
    let kept: KeptScenes;
    try {
      kept = decodeShape(KEPT, bytes, "scenes");
    } catch (thrown) {
      if (thrown instanceof WireError) return false;
      throw thrown;
    }
    for (const scene of kept.active) if (this.#scenes.has(scene)) this.#active.add(scene);
    for (const { scene, leftMs } of kept.armed) this.#armedUntil.set(scene, now.monotonicMs + leftMs);
    return true;
  }

  active(scene: string): boolean {
    return this.#active.has(scene);
  }

  armed(scene: string, nowMs: number): boolean {
    if (this.#scenes.get(scene)?.scene.armForMs === undefined) return true;
    return nowMs < (this.#armedUntil.get(scene) ?? 0);
  }

  arm(scene: string, forMs: number, nowMs: number): void {
    this.#armedUntil.set(scene, nowMs + forMs);
    this.changed = true;
  }

  /** The scenes of its group end; @returns which were active, so that a revert can bring them back. */
  begin(scene: string): readonly string[] {
    const group = this.#scenes.get(scene)?.scene.exclusiveGroup;
    this.#armedUntil.delete(scene);
    this.changed = true;
    if (group === undefined) return [];
    const before = [...this.#active].filter((other) => this.#scenes.get(other)?.scene.exclusiveGroup === group);
    for (const other of before) this.#active.delete(other);
    this.#active.add(scene);
    return before;
  }

  undo(scene: string, before: readonly string[]): void {
    // Somebody may have begun another one since.
    if (!this.#active.delete(scene)) return;
    for (const other of before) this.#active.add(other);
    this.changed = true;
  }

  bytes(now: Now): Uint8Array {
    const armed = [...this.#armedUntil]
      .filter(([, until]) => until > now.monotonicMs)
      .map(([scene, until]) => ({ scene, leftMs: Math.ceil(until - now.monotonicMs) }));
    return encodeShape(KEPT, { active: [...this.#active].sort(), armed });
  }
}
