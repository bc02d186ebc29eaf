/** What the flags of `pub` and `sub` mean to the client. */
import type { ClientOptions, ServerAddressOptions, TlsOptions, WillOptions } from "@anax/client";
import type { ConnectProperties } from "@anax/protocol";
import { UsageError } from "../errors.ts";
import { readNamedFile } from "../read-file.ts";
import type { AddressFlags, ConnectionFlags, SessionFlags } from "./connection-flags.ts";
import { propertiesOf } from "./property-assignment.ts";

const FOR_EVER = 0xffff_ffff;

/** Where to connect to, and the topic if the URL has one. */
export interface Target {
  readonly server: string | ServerAddressOptions;
  readonly topic: string | undefined;
}

/** Throws `UsageError` for flags that contradict each other. */
export function targetOf(flags: AddressFlags): Target {
  const { host, port, unix, url, wsPath } = flags;
  if (url !== undefined) {
    const others = [host, port, unix].filter((value) => value !== undefined);
    requireKnownScheme(url);
    if (others.length === 0 && !flags.ws) return { server: url, topic: topicOfUrl(url) };
    throw new UsageError("--url says it all: leave out -h, -p, --unix and --ws");
  }
  if (unix !== undefined) {
    if (host !== undefined || port !== undefined || flags.ws || usesTls(flags)) {
      throw new UsageError("--unix is a file: leave out -h, -p, --ws and TLS");
    }
    return { server: { protocol: "unix", path: unix }, topic: undefined };
  }
  return { server: networkAddress(flags, wsPath), topic: undefined };
}

const SCHEMES = ["mqtt:", "mqtts:", "tcp:", "tls:", "ssl:", "ws:", "wss:", "unix:", "mqtt+unix:"];

/** Shows no more of the URL than its scheme, for it may hold a password. */
function requireKnownScheme(url: string): void {
  const [scheme] = /^[a-z][a-z0-9+.-]*:/i.exec(url) ?? [];
  if (scheme !== undefined && SCHEMES.includes(scheme.toLowerCase())) return;
  const found = scheme === undefined ? "has no scheme" : `begins with "${scheme}"`;
  throw new UsageError(`the URL ${found}; it must be one of ${SCHEMES.join(" ")}`);
}

function networkAddress(flags: AddressFlags, path: string): ServerAddressOptions {
  const { host = "127.0.0.1" } = flags;
  const isSecure = usesTls(flags);
  if (flags.ws) {
    const port = flags.port ?? (isSecure ? 8084 : 8083);
    return { protocol: isSecure ? "wss" : "ws", host, port, path };
  }
  const port = flags.port ?? (isSecure ? 8883 : 1883);
  return { protocol: isSecure ? "mqtts" : "mqtt", host, port };
}

/** Behind host and port of an mqtt URL there is the topic; in a WebSocket URL there is its path. */
function topicOfUrl(url: string): string | undefined {
  const [, path = ""] = /^(?:mqtts?|tcp|tls|ssl):\/\/[^/]*\/(.*)$/i.exec(url) ?? [];
  if (path === "") return undefined;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function usesTls({ tls, cafile, cert, key, insecure, servername, tlsAlpn }: AddressFlags): boolean {
  const values = [cafile, cert, key, servername, tlsAlpn];
  return tls || insecure || values.some((value) => value !== undefined);
}

/** The options of the client. Throws `UsageError`, and `CommandError` for a file that cannot be read. */
export function clientOptions(flags: ConnectionFlags): ClientOptions {
  const {
    authenticationMethod: method,
    authenticationData,
    ...properties
  } = connectProperties(flags);
  return {
    ...sessionOptions(flags),
    ...properties,
    ...(method === undefined
      ? {}
      : {
          authentication: {
            method,
            handler: ({ type }) => (type === "start" ? authenticationData : undefined),
          },
        }),
    tls: tlsOptions(flags),
    will: willOptions(flags),
  };
}

function sessionOptions(flags: SessionFlags): ClientOptions {
  const { id, idPrefix, disableCleanSession } = flags;
  if (id !== undefined && idPrefix !== undefined)
    throw new UsageError("-i and -I exclude each other");
  if (disableCleanSession && (id === undefined || id === "")) {
    throw new UsageError("-c needs -i: a session is found again by its Client Identifier");
  }
  return {
    clientId: idPrefix === undefined ? id : `${idPrefix}${process.pid}`,
    userName: flags.username,
    password: flags.password,
    protocolVersion: flags.protocolVersion,
    keepAliveSeconds: flags.keepalive,
    cleanStart: !disableCleanSession,
    connectTimeoutMs: Math.round(flags.connectTimeout * 1_000),
  };
}

/** `-D connect …` says the same as some flags; the flags win. */
function connectProperties(flags: SessionFlags): ConnectProperties {
  const { sessionExpiry, disableCleanSession, receiveMaximum, maxPacketSize } = flags;
  const expiryByDefault = disableCleanSession && flags.protocolVersion === 5 ? FOR_EVER : undefined;
  return {
    ...(expiryByDefault === undefined ? {} : { sessionExpiryIntervalSeconds: expiryByDefault }),
    ...propertiesOf("connect", flags.property),
    ...(sessionExpiry === undefined ? {} : { sessionExpiryIntervalSeconds: sessionExpiry }),
    ...(receiveMaximum === undefined ? {} : { receiveMaximum }),
    ...(maxPacketSize === undefined ? {} : { maximumPacketSize: maxPacketSize }),
  };
}

function tlsOptions(flags: AddressFlags): TlsOptions {
  const { cafile, cert, key, keyPassphrase, insecure, servername, tlsAlpn } = flags;
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError("--cert and --key belong together");
  }
  return {
    ca: cafile === undefined ? undefined : readNamedFile(cafile),
    cert: cert === undefined ? undefined : readNamedFile(cert),
    key: key === undefined ? undefined : readNamedFile(key),
    passphrase: keyPassphrase,
    rejectUnauthorized: !insecure,
    servername,
    alpn: tlsAlpn === undefined ? undefined : [tlsAlpn],
  };
}

function willOptions(flags: SessionFlags): WillOptions | undefined {
  const { willTopic, willPayload, willQos, willRetain, willDelay } = flags;
  if (willTopic === undefined) {
    if (willPayload === undefined && !willRetain) return undefined;
    throw new UsageError("--will-payload and --will-retain need --will-topic");
  }
  return {
    topic: willTopic,
    payload: willPayload,
    qos: willQos,
    retain: willRetain,
    ...propertiesOf("will", flags.property),
    ...(willDelay === undefined ? {} : { willDelayIntervalSeconds: willDelay }),
  };
}
