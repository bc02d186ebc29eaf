/** Every server scenario, in the order of the standard. */
import type { Scenario } from "../scenario.ts";
import { FIXED_HEADER_SCENARIOS } from "./fixed-header.ts";
import { UTF8_STRING_SCENARIOS } from "./utf8-strings.ts";

export const SCENARIOS: readonly Scenario[] = [
  ...UTF8_STRING_SCENARIOS,
  ...FIXED_HEADER_SCENARIOS,
];
