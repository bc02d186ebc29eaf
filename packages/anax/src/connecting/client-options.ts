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
  const { host, port, unix, url, ws, wsPath } = flags;
  const others = [host, port, wsPath].some((value) => value !== undefined) || ws;
  if (url !== undefined) {
    requireKnownScheme(url);
    if (usesTls(flags) && !/^(mqtts|tls|ssl|wss):/i.test(url)) {
      throw new UsageError("the URL is one without TLS, but TLS is asked for: say mqtts or wss");
    }
    if (!others && unix === undefined) return withoutTopic(url);
    throw new UsageError("--url says it all: leave out -h, -p, --unix, --ws and --ws-path");
  }
  if (unix !== undefined) {
    if (!others && !usesTls(flags)) {
      return { server: { protocol: "unix", path: unix }, topic: undefined };
    }
    throw new UsageError("--unix is a file: leave out -h, -p, --ws, --ws-path and TLS");
  }
  if (wsPath !== undefined && !ws) throw new UsageError("--ws-path needs --ws");
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

function networkAddress(flags: AddressFlags, path: string | undefined): ServerAddressOptions {
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
function withoutTopic(url: string): Target {
  const [, server = url, path = ""] = /^((?:mqtts?|tcp|tls|ssl):\/\/[^/]*)\/(.*)$/i.exec(url) ?? [];
  return { server, topic: path === "" ? undefined : decoded(path) };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function usesTls(flags: AddressFlags): boolean {
  const { tls, insecure, cafile, cert, key, keyPassphrase, servername, tlsAlpn } = flags;
  const values = [cafile, cert, key, keyPassphrase, servername, tlsAlpn];
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
    tls: usesTls(flags) ? tlsOptions(flags) : undefined,
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
    strict: flags.strict,
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
  const properties = propertiesOf("will", flags.property);
  if (willTopic === undefined) {
    const others = [willPayload, willDelay, ...Object.values(properties)];
    const isAbsent = others.every((value) => value === undefined) && !willRetain && willQos === 0;
    if (isAbsent) return undefined;
    throw new UsageError("--will-payload, --will-qos and what else a will has need --will-topic");
  }
  return {
    topic: willTopic,
    payload: willPayload,
    qos: willQos,
    retain: willRetain,
    ...properties,
    ...(willDelay === undefined ? {} : { willDelayIntervalSeconds: willDelay }),
  };
}
