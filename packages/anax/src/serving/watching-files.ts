import { statSync } from "node:fs";
import { stat } from "node:fs/promises";

/** How often files are looked at, in milliseconds. Looking works on every file system, and through links that are exchanged. */
const INTERVAL_MS = 500;

/** What a file is known by; the same for all that cannot be looked at. */
function stampOf(file: { mtimeMs: number; size: number; ino: number } | undefined): string {
  return file === undefined ? "" : `${file.mtimeMs} ${file.size} ${file.ino}`;
}

/** What files are known by now, by path. */
export type FileStamps = Map<string, string>;

export function stampsOf(paths: Iterable<string>): FileStamps {
  return new Map(
    Array.from(paths, (path) => [path, stampOf(statSync(path, { throwIfNoEntry: false }))]),
  );
}

/** Calls `changed` each time that one of the files is another than it was, until the result is called. */
export function watchFiles(stamps: FileStamps, changed: () => void): () => void {
  if (stamps.size === 0) return () => undefined;
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    let isOther = false;
    for (const [path, before] of stamps) {
      const now = stampOf(await stat(path).catch(() => undefined));
      isOther ||= now !== before;
      stamps.set(path, now);
    }
    isLooking = false;
    if (isOther) changed();
  };
  const timer = setInterval(() => void look(), INTERVAL_MS).unref();
  return () => clearInterval(timer);
}
