/** The folders of the server's core are layers: each may import from those below it, and from none above. */
import { resolveRelative } from "./imports.ts";
import type { Import } from "./imports.ts";
import type { Finding, Rule, SourceFile } from "./repository.ts";

const CORE = "packages/server/src/core/";

/** From the ground up. "" is the folder `core` itself: what all stand on. */
const LAYERS: readonly string[] = [
  "",
  "turn",
  "rates",
  "routing",
  "message",
  "owed",
  "hooks",
  "works",
  "access",
  "tracing",
  "sessions",
  "journal",
  "connection",
  "retained",
  "delivering",
  "publishing",
  "endings",
  "subscribing",
  "management",
  "runs",
  "peers",
  "receiving",
  "recovery",
];

/** Files of the folder `core` that stand above all folders: they put the parts together. */
const ROOF: readonly string[] = ["core-context.ts", "core-ports.ts", "server-core.ts"].map(
  (name) => CORE + name,
);

/** Types that lower layers name all the same. The list only gets shorter. */
const TIES: Readonly<Record<string, readonly string[]>> = {
  "routing/route.ts": ["sessions/session.ts"],
  "routing/shared-subscriptions.ts": ["sessions/session.ts"],
  "routing/subscribers.ts": ["sessions/session.ts"],
  "routing/subscription-tree.ts": ["sessions/session.ts"],
  "routing/subscription.ts": ["sessions/session.ts"],
  "sessions/session.ts": [
    "connection/connection.ts",
    "delivering/window-watch.ts",
    "publishing/claim.ts",
    "retained/retained-replay.ts",
    "endings/will.ts",
  ],
  "turn/turn.ts": ["connection/connection.ts"],
};

/** What a folder imports is below it, or a type that `TIES` allows. */
export const coreFoldersAreLayers: Rule = ({ sources }) =>
  sources.filter(({ path }) => path.startsWith(CORE)).flatMap(findingsOf);

function findingsOf(source: SourceFile): readonly Finding[] {
  const { path } = source;
  const own = layerOf(path);
  if (own === undefined)
    return [{ path, message: `give its folder a row in LAYERS of tools/tidy/layer-rules.ts` }];
  return source.imports.flatMap((one): readonly Finding[] => {
    const target = resolveRelative(path, one.specifier);
    const layer = target.startsWith(CORE) ? layerOf(target) : undefined;
    if (layer === undefined || layer <= own || isTied(path, target, one)) return [];
    const message = `imports ${target}, which is in a layer above it: take a value or the context of its own layer, or move one of them`;
    return [{ path, line: one.line, message }];
  });
}

function layerOf(path: string): number | undefined {
  if (ROOF.includes(path)) return LAYERS.length;
  const inCore = path.slice(CORE.length);
  const layer = LAYERS.indexOf(inCore.includes("/") ? inCore.slice(0, inCore.indexOf("/")) : "");
  return layer === -1 ? undefined : layer;
}

function isTied(path: string, target: string, { isType }: Import): boolean {
  if (!isType) return false;
  return TIES[path.slice(CORE.length)]?.includes(target.slice(CORE.length)) === true;
}
