import type { MqttServer } from "@anax/server";
import type { Announcer } from "../serving/announcement.ts";
import { watchFiles } from "../serving/watching-files.ts";
import { accessPathOf } from "./read-access-rules.ts";
import type { AccessFlags } from "./read-access-rules.ts";

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
  return { end: watchFiles([path], () => void reload()) };
}
