/**
 * Writes what a server stores with the format of today. It was run once for each format, and has to be run again only when
 * there is a new one, into a new file:
 *
 *     tsx --conditions=source packages/server/test/support/write-stored-format.ts packages/server/test/fixtures/stored-format-N.json
 */
import { writeFileSync } from "node:fs";
import { StoredHistory } from "./stored-history.ts";

const [path = ""] = process.argv.slice(2);
const medium = new StoredHistory().run();
writeFileSync(
  path,
  `${JSON.stringify({
    sessions: texts(medium.sessions),
    retained: texts(medium.retained),
    batches: texts(medium.batches),
  })}\n`,
);

function texts<Key>(rows: ReadonlyMap<Key, Uint8Array>): [Key, string][] {
  return Array.from(rows, ([key, bytes]) => [key, Buffer.from(bytes).toString("base64")]);
}
