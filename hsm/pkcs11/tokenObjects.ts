/** Searching a token. */
import { type Attribute, type Cryptoki, called, type Handle } from "./cryptoki.js";
import { OBJECTS_MAX } from "./limits.js";

/** At most OBJECTS_MAX handles. */
export function findObjects(cryptoki: Cryptoki, session: Handle, template: Attribute[]): Handle[] {
  return called("C_FindObjects", () => {
    cryptoki.C_FindObjectsInit(session, template);
    try {
      return cryptoki.C_FindObjects(session, OBJECTS_MAX);
    } finally {
      cryptoki.C_FindObjectsFinal(session);
    }
  });
}
