/** Two ends of a serial line without hardware: a pty pair of socat that can be unplugged. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const LOOK_AGAIN_MS = 20;

export class PtyPair {
  readonly folder = mkdtempSync(join(tmpdir(), "edgeseal-pty-"));
  readonly near = join(this.folder, "near");
  readonly far = join(this.folder, "far");
  #socat: ChildProcess | undefined;

  async plug(): Promise<void> {
    const ends = [this.near, this.far].map((link) => `PTY,raw,echo=0,link=${link}`);
    this.#socat = spawn("socat", ends, { stdio: "ignore" });
    while (!(existsSync(this.near) && existsSync(this.far))) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  /** Both devices vanish, as when a cable is pulled. */
  async unplug(): Promise<void> {
    const socat = this.#socat;
    this.#socat = undefined;
    if (socat === undefined) return;
    const ended = new Promise((resolve) => socat.once("exit", resolve));
    socat.kill("SIGKILL");
    await ended;
    for (const link of [this.near, this.far]) rmSync(link, { force: true });
  }

  async remove(): Promise<void> {
    await this.unplug();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
