import { MqttConfigurationError } from "@anax/server";

/** What a commit of an LMDB store promises. */
export type LmdbDurability = "process" | "disk";

/** Options of an LMDB store. */
export interface LmdbStoreOptions {
  /** The directory of the store. It is made, for its owner only, if it is not there. */
  readonly path: string;
  /**
   * `disk`: a commit is on the disk when it settles, and survives a loss of power. `process`: it is with the operating
   * system, and survives the end of the process; a loss of power may make the whole store unreadable. Default `disk`.
   */
  readonly durability?: LmdbDurability;
  /** The store takes no more than this, as if the disk were full. Default: what the disk has. */
  readonly bytesMax?: number;
}

const NAMES: ReadonlySet<string> = new Set(["path", "durability", "bytesMax"]);

/**
 * Checks options and fills in the defaults. JavaScript and files of settings know nothing of types, and what is wrong here would
 * show much later, as data in the wrong place or a promise that is not kept.
 * @throws MqttConfigurationError
 */
export function checkedOptions(options: LmdbStoreOptions): Required<LmdbStoreOptions> {
  const { path, durability = "disk", bytesMax = Infinity } = options;
  for (const name of Object.keys(options)) {
    if (!NAMES.has(name)) refuse(`unknown option ${JSON.stringify(name)} of an LMDB store`);
  }
  if (typeof path !== "string" || path === "" || path.includes("\0")) {
    refuse(`path is ${shown(path)}; it must be the name of a directory`);
  }
  if (durability !== "disk" && durability !== "process") {
    refuse(`durability is ${shown(durability)}; an LMDB store gives "disk" or "process"`);
  }
  if (typeof bytesMax !== "number" || !(bytesMax > 0)) {
    refuse(`bytesMax is ${shown(bytesMax)}; it must be a number above 0`);
  }
  return { path, durability, bytesMax };
}

function refuse(text: string): never {
  throw new MqttConfigurationError(text);
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
