/** Plugs an emulated shield into a serial line (in tests one end of a pty pair) and plugs it in again when it comes back. */
import { type OpenLine, openSerialLine, type SerialLine } from "../shield/line.js";
import type { UShield } from "./uShield.js";

export interface PluggedShield {
  unplug(): Promise<void>;
}

const LOOK_AGAIN_MS = 100;
const BAUD_RATE = 115_200;

/** Resolves at once; the line may come later. */
export function plugIn(shield: UShield, path: string, openLine: OpenLine = openSerialLine): PluggedShield {
  let line: SerialLine | undefined;
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  let opening: Promise<void> = Promise.resolve();

  const lookAgain = (): void => {
    if (!isOver) timer = setTimeout(look, LOOK_AGAIN_MS);
  };
  const lost = (): void => {
    line = undefined;
    shield.send = () => {};
    shield.powerCycle();
    lookAgain();
  };
  const open = async (): Promise<void> => {
    const opened = await openLine({ path, baudRate: BAUD_RATE }, { data: (bytes) => shield.receive(bytes), lost });
    if (isOver) return await opened.close();
    line = opened;
    shield.send = (bytes) => opened.write(bytes);
  };
  const look = (): void => {
    opening = open().catch(lookAgain);
  };
  look();
  return {
    async unplug() {
      isOver = true;
      clearTimeout(timer);
      await opening;
      await line?.close();
      shield.powerCycle();
    },
  };
}
