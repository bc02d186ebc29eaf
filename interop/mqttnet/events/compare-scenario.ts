/** One scenario on both servers. */
import type { DotnetPart } from "../program.ts";
import { differenceOf } from "./comparing.ts";
import type { Difference } from "./comparing.ts";
import { runScenario } from "./running.ts";
import type { Scenario } from "./scenarios.ts";
import { anaxSide, mqttnetSide } from "./sides.ts";

/** How many steps there were, and those that went otherwise. */
export async function compareScenario(
  part: DotnetPart,
  scenario: Scenario,
): Promise<{ readonly steps: number; readonly differences: readonly Difference[] }> {
  const { name, pendingMax } = scenario;
  const options = pendingMax === undefined ? {} : { pendingMax };
  const [theirs, ours] = await Promise.all([
    mqttnetSide(part, options).then((side) => runScenario(side, scenario)),
    runScenario(anaxSide(options), scenario),
  ]);
  const differences = theirs.flatMap((record, index) => {
    const other = ours[index];
    const difference = other && differenceOf(name, record, other);
    return difference === undefined ? [] : [difference];
  });
  return { steps: theirs.length, differences };
}
