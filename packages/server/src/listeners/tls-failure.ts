import type { HandshakeFailure } from "../ports/listener.ts";

/** Why a handshake failed, and what the peer speaks if it is not TLS. */
type Reason = Pick<HandshakeFailure, "reason" | "speaks">;

const CODES: Readonly<Record<string, Reason>> = {
  ERR_SSL_HTTP_REQUEST: { reason: "this is HTTP", speaks: "HTTP" },
  // OpenSSL has seen bytes that begin no record.
  ERR_SSL_WRONG_VERSION_NUMBER: { reason: "this is no TLS", speaks: "MQTT" },
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: { reason: "the client showed no certificate" },
  ERR_SSL_UNSUPPORTED_PROTOCOL: {
    reason: "the client speaks only versions of TLS that are too old",
  },
  ERR_SSL_NO_SHARED_CIPHER: { reason: "client and server have no cipher in common" },
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: { reason: "the client does not know who signed the certificate" },
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: { reason: "the client does not accept the certificate" },
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: { reason: "the client does not accept the certificate" },
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: { reason: "for the client the certificate has expired" },
  ERR_TLS_HANDSHAKE_TIMEOUT: { reason: "the handshake took too long" },
};

/**
 * What Node says of a handshake that failed, in words. A certificate that is not accepted ends it without an error of
 * its own ("socket hang up"), and only the socket knows what was wrong with it.
 */
export function tlsFailure(error: Error, authorizationError: unknown): Reason {
  const code = "code" in error ? String(error.code) : "";
  const known = CODES[code];
  if (known !== undefined) return known;
  // Of OpenSSL's errors the rest of the message is where in its sources it was.
  if ("reason" in error) return { reason: String(error.reason) };
  if (code !== "ECONNRESET") return { reason: error.message.trim() };
  return typeof authorizationError === "string"
    ? { reason: `the certificate of the client is not accepted: ${authorizationError}` }
    : { reason: "the peer left during the handshake" };
}
