import { unwatchFile, watchFile } from "node:fs";
import type { Stats } from "node:fs";
import type { MqttServer } from "@anax/server";
import type { Announcer } from "../serving/announcement.ts";
import { accessPathOf } from "./read-access-rules.ts";
import type { AccessFlags } from "./read-access-rules.ts";

/** How often the file is looked at, in milliseconds. Looking works on every file system, and through links that are exchanged. */
const INTERVAL_MS = 500;

/** A file that is looked at. */
export interface AccessFileWatch {
  end(): void;
}

/** Has the server read its rules of access again each time that their file has changed; undefined if there is none. */
export function watchAccessFile(
  server: MqttServer,
  flags: AccessFlags,
  announcer: Announcer,
): AccessFileWatch | undefined {
  const path = accessPathOf(flags);
  if (path === undefined) return undefined;
  const reload = async (): Promise<void> => {
    try {
      await server.access.reload();
      const rules = server.access.ruleCount ?? 0;
      announcer.announce({
        event: "access-rules",
        text: `access rules read again (${rules})`,
        fields: { rules },
      });
    } catch {
      // The server has said so in its log, its health and its statistics.
    }
  };
  const changed = (now: Stats, before: Stats): void => {
    const isOther =
      now.mtimeMs !== before.mtimeMs || now.size !== before.size || now.ino !== before.ino;
    if (isOther) void reload();
  };
  watchFile(path, { interval: INTERVAL_MS, persistent: false }, changed);
  return { end: () => unwatchFile(path, changed) };
}
