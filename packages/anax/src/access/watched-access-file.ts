import type { AccessRules, MqttServer } from "@anax/server";
import type { Announcer } from "../serving/announcement.ts";
import { stampsOf, watchFiles } from "../serving/watching-files.ts";
import type { FileStamps } from "../serving/watching-files.ts";
import { accessPathOf, readAccessRules } from "./read-access-rules.ts";
import type { AccessFlags } from "./read-access-rules.ts";

/** The file that says what clients may do: as it was at first, and whatever becomes of it. */
export class WatchedAccessFile {
  readonly #flags: AccessFlags;
  readonly #stamps: FileStamps;
  #first: AccessRules | undefined;

  /** Reads the file. Throws as `readAccessRules` does. */
  constructor(flags: AccessFlags) {
    this.#flags = flags;
    const path = accessPathOf(flags);
    // Before it is read, so that no change is missed.
    this.#stamps = stampsOf(path === undefined ? [] : [path]);
    this.#first = readAccessRules(flags);
  }

  /** Reads the rules: the first time, what was read already. Undefined if there is no file. */
  get source(): (() => AccessRules) | undefined {
    if (this.#first === undefined) return undefined;
    return () => {
      const first = this.#first;
      this.#first = undefined;
      return first ?? readAccessRules(this.#flags) ?? { rules: [] };
    };
  }

  /** Has the server read its rules again each time that the file has changed since it was read, until the result is called. */
  watch(server: MqttServer, announcer: Announcer): () => void {
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
    return watchFiles(this.#stamps, () => void reload());
  }
}
