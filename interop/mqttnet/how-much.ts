/** True: everything is run, not only the slice that `npm test` takes: `npm run interop:mqttnet`. */
export const isWhole: boolean = process.env["MQTTNET_WHOLE"] === "true";

/** The first of two numbers in a whole run, else the second. */
export function inWhole(whole: number, slice: number): number {
  return isWhole ? whole : slice;
}
