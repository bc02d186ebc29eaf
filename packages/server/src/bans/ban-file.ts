import { MqttConfigurationError } from "@anax/protocol";
import { readFile, rename, writeFile } from "node:fs/promises";
import type { BanStore } from "../ports/ban-store.ts";
import { restoredBan } from "./ban.ts";
import type { Ban } from "./ban.ts";

/** Bans in a file of JSON, an array of `Ban`. It is made at the first ban, and replaced as a whole. */
export class BanFile implements BanStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** None if there is no such file. Rejects with `MqttConfigurationError` for a file that holds something else. */
  async load(): Promise<readonly Ban[]> {
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
      throw error;
    }
    try {
      const bans: unknown = JSON.parse(text);
      if (!Array.isArray(bans)) throw new TypeError("it is not an array");
      return bans.map((ban) => restoredBan(ban));
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new MqttConfigurationError(`${this.#path} has no list of bans: ${why}`, { cause });
    }
  }

  async save(bans: readonly Ban[]): Promise<void> {
    const written = `${this.#path}.new`;
    await writeFile(written, `${JSON.stringify(bans, undefined, 2)}\n`, { mode: 0o600 });
    await rename(written, this.#path);
  }
}
