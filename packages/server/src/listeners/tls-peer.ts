import type { TLSSocket } from "node:tls";
import type { Peer, PeerTls } from "../core/wire.ts";

type TlsPeer = Pick<Peer, "certificate" | "certificateFault" | "tls" | "unverifiedCertificate">;

/** What is asked of a TLS socket, or of what stands for one. */
type PeerFacts = Pick<TLSSocket, "authorized" | "getProtocol"> & {
  readonly servername?: unknown;
  readonly authorizationError?: unknown;
  getPeerCertificate(): object;
  getCipher(): { readonly standardName: string };
};

/** How connections without a name of a host are protected: thousands are alike. */
const alike = new Map<string, PeerTls>();

/** What TLS knows of the peer: how the connection is protected, and its certificate if it showed a valid one, or any. */
export function tlsPeer(
  facts: PeerFacts,
  { showUnverified }: { readonly showUnverified?: boolean },
): TlsPeer {
  const tls = protectionOf(facts);
  if (facts.authorized) return { tls, certificate: facts.getPeerCertificate() };
  const unverifiedCertificate = showUnverified === true ? facts.getPeerCertificate() : {};
  // Who shows none has an empty one.
  if (Object.keys(unverifiedCertificate).length === 0) return { tls };
  // Node says that it is an error, and has its code there.
  return { tls, unverifiedCertificate, certificateFault: String(facts.authorizationError) };
}

function protectionOf(facts: PeerFacts): PeerTls {
  const protocol = facts.getProtocol() ?? "";
  const cipher = facts.getCipher().standardName;
  const { servername: serverName } = facts;
  if (typeof serverName === "string" && serverName !== "") return { protocol, cipher, serverName };
  const key = `${protocol} ${cipher}`;
  const known = alike.get(key) ?? Object.freeze({ protocol, cipher });
  alike.set(key, known);
  return known;
}
