import { withDefault } from "../flags/flag.ts";
import type { Flag } from "../flags/flag.ts";
import { bytes, integer } from "../flags/value-parser.ts";

/** The group of the help that limits are in. */
export const LIMITING = { group: "Limits" };

/** A limit that is a number. */
export function limit(
  minimum: number,
  byDefault: number,
  help: string,
  maximum: number = Number.MAX_SAFE_INTEGER,
): Flag<number> {
  return withDefault(integer(minimum, maximum), byDefault, { ...LIMITING, help });
}

/** A limit in bytes. */
export function size(
  minimum: number,
  byDefault: number,
  help: string,
  maximum: number = Number.MAX_SAFE_INTEGER,
): Flag<number> {
  const parser = bytes(minimum, maximum);
  return withDefault(parser, byDefault, { ...LIMITING, defaultText: inUnits(byDefault), help });
}

/** As it may be written: 1048576 as 1m. */
function inUnits(value: number): string {
  const units = ["", "k", "m", "g"];
  let power = 0;
  let rest = value;
  while (rest >= 1_024 && rest % 1_024 === 0 && power < 3) {
    rest /= 1_024;
    power += 1;
  }
  return `${rest}${units[power] ?? ""}`;
}
