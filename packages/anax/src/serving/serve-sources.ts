/** Where settings of `anax serve` come from: the command line, then environment variables, then a configuration file. */
import { UsageError } from "../errors.ts";
import { readConfigurationFile } from "../settings/configuration-file.ts";
import { environmentSource } from "../settings/environment-variables.ts";
import type { Environment, SettingSource, Use } from "../settings/setting-source.ts";
import { LISTEN_NAMES, SERVE_FLAGS } from "./serve-flags.ts";

/** The flag for whole listeners, which takes the place of the flags of `LISTEN_NAMES`. */
const LISTENER = "listener";

/** The places besides the command line, first one first. */
export function serveSources(
  given: (name: string) => readonly Use[],
  environment: Environment,
): readonly SettingSource[] {
  const variables = environmentSource(environment);
  const sources: SettingSource[] = [{ uses: (name) => given(name) }, variables];
  const [path] = firstUses(sources, "config").map(({ words }) => words[0]);
  if (path !== undefined) {
    sources.push(readConfigurationFile(path, SERVE_FLAGS, environment));
  }
  return withOnePlaceForListeners(sources.map(exclusive)).slice(1);
}

function usesOf(source: SettingSource, name: string): readonly Use[] {
  const flag = new Map(Object.entries(SERVE_FLAGS)).get(name);
  return flag === undefined ? [] : source.uses(name, flag);
}

function firstUses(sources: readonly SettingSource[], name: string): readonly Use[] {
  return sources.map((source) => usesOf(source, name)).find(({ length }) => length > 0) ?? [];
}

function listenUses(source: SettingSource): readonly Use[] {
  return LISTEN_NAMES.flatMap((name) => usesOf(source, name));
}

/** One place may not say both what listeners there are, and what ports. */
function exclusive(source: SettingSource): SettingSource {
  const [listener] = usesOf(source, LISTENER);
  const [other] = listenUses(source);
  if (listener === undefined || other === undefined) return source;
  throw new UsageError(
    `${other.writtenName} has no effect beside ${listener.writtenName}; write it into the listener`,
  );
}

/** The first place that says where to listen is the only one that does: its flags are not mixed with listeners of another. */
function withOnePlaceForListeners(sources: readonly SettingSource[]): readonly SettingSource[] {
  const first = sources.find(
    (source) => usesOf(source, LISTENER).length > 0 || listenUses(source).length > 0,
  );
  const asksForListeners = first !== undefined && usesOf(first, LISTENER).length > 0;
  const unwanted = asksForListeners ? LISTEN_NAMES : [LISTENER];
  return sources.map((source) =>
    source === first
      ? source
      : { uses: (name, flag) => (unwanted.includes(name) ? [] : source.uses(name, flag)) },
  );
}
