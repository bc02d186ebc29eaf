import { say } from "../words/words.ts";

/** User Properties from lines `name=value`. Throws `RangeError` that names the line. */
export function userPropertiesOf(text: string): [string, string][] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const at = line.indexOf("=");
      if (at < 1) throw new RangeError(say("wrongProperty", { line }));
      return [line.slice(0, at), line.slice(at + 1)];
    });
}

/** A number that may be left out. */
export function optionalNumber(text: string): number | undefined {
  return text.trim() === "" ? undefined : Number(text);
}
