/** One group of the state figures, a JSON line each. */
import { stateGrowth, stateProofs, stateUpdate } from "./stateFigures.js";

const [group] = process.argv.slice(2);
const measure = group === "update" ? stateUpdate : group === "growth" ? stateGrowth : stateProofs;
for (const figure of await measure()) process.stdout.write(`${JSON.stringify(figure)}\n`);
