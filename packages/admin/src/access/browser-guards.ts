/**
 * What a web page must not do through a browser of somebody who may: a bearer token is never sent by a browser of its own accord, so
 * a foreign page can at most ask as a stranger; and a page whose host name was pointed at this machine is told by its Host.
 */
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** What a listener asks of the headers of a request. */
export interface BrowserRules {
  /** Host names that requests may be for, without a port; undefined: those of this machine. */
  readonly hosts?: readonly string[] | undefined;
  /** Origins of pages that may call the API, such as `https://admin.example.com`. */
  readonly origins?: readonly string[] | undefined;
}

/** Why a request is refused, in words; undefined if it is not. */
export function refusalOfBrowser(request: Request, rules: BrowserRules): string | undefined {
  const host = hostOf(request);
  const isKnownHost = rules.hosts?.includes(host) ?? LOOPBACK.has(host);
  if (!isKnownHost) return `requests for the host ${JSON.stringify(host)} are not answered`;
  const origin = request.headers.get("origin");
  if (origin === null || origin === ownOrigin(request)) return undefined;
  if (rules.origins?.includes(origin) === true) return undefined;
  return `pages of ${JSON.stringify(origin)} may not call this`;
}

/** The headers that let a page of another origin read the answer. */
export function corsHeaders(request: Request, rules: BrowserRules): Record<string, string> {
  const origin = request.headers.get("origin");
  if (origin === null || rules.origins?.includes(origin) !== true) return {};
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-headers": "authorization, content-type",
    "access-control-allow-methods": "GET, POST, PUT, DELETE",
    vary: "origin",
  };
}

function hostOf(request: Request): string {
  const given = request.headers.get("host") ?? new URL(request.url).host;
  return given.replace(/:\d+$/, "").toLowerCase();
}

function ownOrigin(request: Request): string {
  const { protocol, host } = new URL(request.url);
  return `${protocol}//${request.headers.get("host") ?? host}`;
}
